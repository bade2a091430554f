import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { CHUNK_BYTES, FILES_AT_ONCE, STRANGER_FILES_MAX } from '../../src/core/limits/file-limits.ts'
import { STRANGER_OFFERS } from '../../src/core/limits/stranger-rates.ts'
import type { FileOffer } from '../../src/files/file-api.ts'
import { codeOf, isSettled, mallory as malloryIdentity, settle } from '../connection/sides.ts'
import { addresses, type FileSide, sha256, startFiles, startMet, untilFiles, untilTold } from './file-sides.ts'
import { startWithOffers } from './offers.ts'
import { said as talkOf } from './talk.ts'

/** Offers: told of once, taken from loops, decided on once, also when their sender has left. */

/** Whether there is an offer to take; it is taken. */
const hasOffer = async ({ api }: Pick<FileSide, 'api'>): Promise<boolean> => {
  const abort = new AbortController()
  const received = api.receive({ signal: abort.signal })
  received.catch(() => {})
  const has = await isSettled(received)
  abort.abort()
  return has
}

test('an offer is told of once, on however many connections it is made, and loops give the same one', async (t) => {
  const stage = await startFiles(t)
  const { sides, to, write } = stage
  const { path, content } = await write('a.bin', 3 * CHUNK_BYTES)
  await stage.meet()
  const { id } = await sides.alice.api.send(addresses.bob, path)
  const [told] = await untilTold(sides.bob, 1)
  for (let round = 0; round < 3; round++) {
    stage.cut()
    await settle()
    assert.equal(await hasOffer(sides.bob), false, 'no loop is given what nobody offers now')
    await stage.meet()
    await settle()
  }
  await untilTold(sides.bob, 1)
  assert.ok(told !== undefined)
  const { id: accepted } = await told.accept(to)
  await sides.bob.api.finished(accepted)
  await sides.alice.api.finished(id)
  assert.equal(sha256(await readFile(join(to, 'a.bin'))), sha256(content))
  for (const again of [() => told.accept(to), () => told.refuse()])
    assert.equal(await codeOf(again()), 'ERR_FILE_REFUSED')

  await sides.alice.api.send(addresses.bob, path, { name: 'b.bin' })
  const [, second] = await untilTold(sides.bob, 2)
  assert.equal(second?.name, 'b.bin')
  const abort = new AbortController()
  for await (const offer of sides.bob.api.offers({ signal: abort.signal })) {
    assert.equal(offer, second)
    abort.abort()
  }
})

test('an offer whose sender has left can be decided on: he hears of it when he is back', async (t) => {
  const stage = await startFiles(t)
  const { sides, to, write } = stage
  const [first, second] = [await write('a.bin', 3 * CHUNK_BYTES), await write('b.bin', 10)]
  await stage.meet()
  const sent = await sides.alice.api.send(addresses.bob, first.path)
  const other = await sides.alice.api.send(addresses.bob, second.path)
  const [taken, refused] = await untilTold(sides.bob, 2)
  stage.cut()
  await settle()
  const accepted = (await taken?.accept(to)) ?? assert.fail()
  assert.equal(accepted.state, 'waiting')
  await refused?.refuse()
  await stage.meet()
  await sides.bob.api.finished(accepted.id)
  await sides.alice.api.finished(sent.id)
  assert.equal(await codeOf(sides.alice.api.finished(other.id)), 'ERR_FILE_REFUSED')
  await untilTold(sides.bob, 2)
  await untilFiles(to, 1)
})

test('of those whose sender has left eight are remembered, and they count for nothing', async (t) => {
  const { files, bob, to, offer, meet } = await startWithOffers(t)
  const first: Awaited<ReturnType<typeof offer>>[] = []
  for (let index = 0; index < FILES_AT_ONCE; index++) first.push(await offer({ name: `${index}` }))
  const told = await untilTold(files, FILES_AT_ONCE)
  await bob.close()
  await settle()
  const again = await meet()
  // As many others have their place; with them the older ones are forgotten.
  for (let index = 0; index < FILES_AT_ONCE; index++) await offer({ by: again.mallory })
  await untilTold(files, 2 * FILES_AT_ONCE)
  await again.bob.close()
  await settle()
  for (const one of told) assert.equal(await codeOf(one.accept(to)), 'ERR_FILE_LIMIT')
  // What was forgotten is an offer like any other when it comes again.
  const last = await meet()
  await offer({ by: last.mallory, name: 'again', id: first[0]?.id ?? assert.fail() })
  assert.equal((await untilTold(files, 2 * FILES_AT_ONCE + 1)).at(-1)?.name, 'again')
})

test('whoever leaves and comes back offers no more than who stays', async (t) => {
  const { files, bob, mallory, to, offer, meet } = await startWithOffers(t, { isContact: false })
  for (let index = 0; index < STRANGER_FILES_MAX; index++) await offer()
  const told = await untilTold(files, STRANGER_FILES_MAX)
  await bob.close()
  await mallory.channel.stream.close()
  await settle()
  const again = await meet()
  for (let index = 0; index < STRANGER_FILES_MAX; index++) {
    const { seen } = await offer({ by: again.mallory })
    await (await seen()).accept(to)
  }
  for (const one of told) assert.equal(await codeOf(one.accept(to)), 'ERR_FILE_LIMIT')
  assert.equal(files.store.transfers.countReceiving(malloryIdentity.log.id), STRANGER_FILES_MAX)
})

test('an id that comes back as another file is none, also when its first offer is only remembered', async (t) => {
  const { files, bob, mallory, to, offer, meet } = await startWithOffers(t)
  const first = await offer()
  const [told] = await untilTold(files, 1)
  await bob.close()
  await mallory.channel.stream.close()
  await settle()
  const again = await meet()
  await offer({ by: again.mallory, id: first.id, size: 5 })
  assert.equal((await again.mallory.hearUntil('file-refuse')).code, 'ERR_FILE_LIMIT')
  assert.equal((await told?.accept(to))?.size, told?.size)
})

test('a loop over offers ends with its signal or its peer, and takes those of whom it names only', async (t) => {
  const { sides, write } = await startMet(t)
  const { path } = await write('a.bin', 10)
  await sides.alice.api.send(addresses.bob, path)
  await untilTold(sides.bob, 1)
  const collect = async (offers: AsyncIterable<FileOffer>): Promise<readonly string[]> => {
    const names: string[] = []
    for await (const { name } of offers) names.push(name)
    return names
  }
  const { api } = sides.bob
  const aborted = AbortSignal.abort(new Error('enough'))
  assert.deepEqual(await collect(api.offers({ signal: aborted })), [])
  const abort = new AbortController()
  const ofBob = collect(api.offers({ from: `handfast:${addresses.bob}`, signal: abort.signal }))
  assert.equal(await isSettled(ofBob), false, 'he offers nothing to himself')
  abort.abort(new Error('enough'))
  assert.deepEqual(await ofBob, [])
  assert.throws(() => api.offers({ from: 'nobody' }), { code: 'ERR_CONTACT' })
  const ofAlice = collect(api.offers({ from: `handfast:${addresses.alice}` }))
  const all = collect(api)
  assert.equal(await isSettled(Promise.race([ofAlice, all])), false)
  await sides.bob.end()
  assert.deepEqual([await ofAlice, await all], [['a.bin'], []])
})

test('however fast a stranger’s offers are refused, they are looked at at a rate; what is not may be offered again', async (t) => {
  const { files, bob, mallory, offer, meet } = await startWithOffers(t, { isContact: false })
  const most = STRANGER_OFFERS.count.burst
  for (let index = 0; index < most; index++) await (await (await offer()).seen()).refuse()
  const countTold = (): number => files.events.filter(({ type }) => type === 'offer').length
  for (let index = 0; index < 10; index++) await offer()
  await mallory.say(talkOf('done'))
  assert.equal(await files.talk.next(), 'done')
  await settle()
  assert.equal(countTold(), most)
  await bob.close()
  files.world.now += 600
  const { mallory: by } = await meet()
  await (await (await offer({ by })).seen()).refuse()
  assert.equal(countTold(), most + 1)
})
