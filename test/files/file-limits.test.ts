import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createContacts } from '../../src/contacts/contact-api.ts'
import { encodeAddress } from '../../src/core/address.ts'
import { STRANGERS_FILES_TOTAL } from '../../src/core/limits/file-limits.ts'
import { type Limits, NO_LIMITS } from '../../src/store/volume-store.ts'
import { alice, codeOf, mallory as malloryIdentity } from '../connection/sides.ts'
import { at, NOW } from '../core/identities.ts'
import { addresses, nextOffer, startMet, untilFiles } from './file-sides.ts'
import { content, sendAll, startWithOffers } from './offers.ts'

/** How much a contact may send in files to an owner who is not asked about each. */

const { id: peer } = malloryIdentity.log
const SIZE = content.length

const startLimited = async (t: TestContext, limits: Partial<Limits>, isContact = true) => {
  const started = await startWithOffers(t, { isContact })
  const { store } = started.files
  if (isContact) store.contacts.keep(malloryIdentity.log, NOW)
  if (isContact) store.volumes.setLimits(peer, { ...NO_LIMITS, ...limits })
  return started
}

test('what is more than a contact may send in a day waits undecided, its sender is told, and the next day it is taken', async (t) => {
  const { files, mallory, offer, to } = await startLimited(t, { filesDay: 2 * SIZE })
  const made = [await offer(), await offer(), await offer()]
  const offers = [await nextOffer(files), await nextOffer(files), await nextOffer(files)]
  // At once: none of them is here yet.
  const fates = await Promise.all(offers.map((one) => codeOf(one.accept(to))))
  assert.deepEqual(fates, [undefined, undefined, 'ERR_FILE_DAY'])
  const { id, code } = await mallory.hearUntil('file-wait')
  assert.deepEqual([id, code], [at(made, 2).id, 'ERR_FILE_DAY'])
  for (let count = 0; count < 2; count++) await mallory.hearUntil('file-accept')
  for (const one of made.slice(0, 2)) await sendAll(one)
  files.world.now += 86_400
  await at(offers, 2).accept(to)
  await mallory.hearUntil('file-accept')
  await sendAll(at(made, 2))
  await untilFiles(to, 3)
})

test('as much may be taken in all until its owner has dealt with it, or wants one all the same', async (t) => {
  const { files, mallory, offer, to } = await startLimited(t, { filesTotal: SIZE })
  const first = await offer()
  const { id } = await (await nextOffer(files)).accept(to)
  await mallory.hearUntil('file-accept')
  await sendAll(first)
  await files.api.finished(id)
  await offer()
  const second = await nextOffer(files)
  for (let days = 0; days < 3; days++) {
    assert.equal(await codeOf(second.accept(to)), 'ERR_FILE_TOTAL')
    files.world.now += 86_400
  }
  const another = await offer()
  const { id: wanted } = await (await another.seen()).accept(to, { beyondLimits: true })
  await mallory.hearUntil('file-accept')
  files.store.volumes.clearFiles(peer)
  // What is on its way still counts.
  assert.equal(await codeOf(second.accept(to)), 'ERR_FILE_TOTAL')
  await sendAll(another)
  await files.api.finished(wanted)
  files.store.volumes.clearFiles(peer)
  await second.accept(to)
})

test('a file that fails, or is given up, makes room again', async (t) => {
  const { files, offer, to } = await startLimited(t, { filesTotal: SIZE })
  await offer()
  const { id } = await (await nextOffer(files)).accept(to)
  await offer()
  const second = await nextOffer(files)
  assert.equal(await codeOf(second.accept(to)), 'ERR_FILE_TOTAL')
  await files.api.cancel(id)
  await second.accept(to)
})

test('all who are no contacts share what they may send', async (t) => {
  const { files, offer, to } = await startLimited(t, {}, false)
  const large = await offer({ size: STRANGERS_FILES_TOTAL + 1 })
  assert.equal(await codeOf((await large.seen()).accept(to)), 'ERR_FILE_TOTAL')
  await (await (await offer()).seen()).accept(to)
  assert.equal(files.store.volumes.strangersFiles(), SIZE)
})

test('what was saved of a contact that was forgotten takes no room of strangers', async (t) => {
  const { files, mallory, offer, to } = await startLimited(t, {})
  const { store } = files
  const first = await offer()
  const { id } = await (await nextOffer(files)).accept(to)
  await mallory.hearUntil('file-accept')
  await sendAll(first)
  await files.api.finished(id)
  await offer()
  await (await nextOffer(files)).accept(to)
  assert.equal(store.volumes.strangersFiles(), 0)
  createContacts(store, files.world).remove(encodeAddress(peer))
  // What is on its way still counts.
  assert.equal(store.volumes.strangersFiles(), SIZE)
})

test('whose file waits is told once for what, and it is delivered when there is room', async (t) => {
  const { sides, to, write } = await startMet(t)
  const { path } = await write('a.bin', 10_000)
  const { store } = sides.bob
  store.contacts.keep(alice.log, NOW)
  store.volumes.setLimits(alice.log.id, { ...NO_LIMITS, filesDay: 5000 })
  const sent = await sides.alice.api.send(addresses.bob, path)
  const offer = await nextOffer(sides.bob)
  for (let count = 0; count < 2; count++) assert.equal(await codeOf(offer.accept(to)), 'ERR_FILE_DAY')
  store.volumes.setLimits(alice.log.id, NO_LIMITS)
  await offer.accept(to)
  assert.equal((await sides.alice.api.finished(sent.id)).state, 'delivered')
  const waited = sides.alice.events.flatMap((event) =>
    event.type === 'file' && event.transfer.reason !== null ? [[event.transfer.state, event.transfer.reason]] : [],
  )
  assert.deepEqual(waited, [['offered', 'ERR_FILE_DAY']])
})
