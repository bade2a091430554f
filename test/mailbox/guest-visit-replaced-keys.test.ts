import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createIdentity, renewDevice } from '../../src/core/identity.ts'
import { rotateIdentity } from '../../src/core/recovery.ts'
import { openMailboxStore } from '../../src/mailbox/mailbox-store.ts'
import { NOW } from '../core/identities.ts'
import { seededRandom } from '../core/test-bytes.ts'
import { silent } from '../directory/memory-network.ts'
import { createOffice, leave, parcelFor, prove } from './office.ts'

/** Who fetches from a mailbox with keys that their owner has replaced, or contradicted (docs/spec/mailbox.md §5). */

const { identity: dave, phrase } = createIdentity(NOW, seededRandom('mailbox/dave'))

test('§5 keys that their owner has replaced fetch nothing, as soon as the directory knows', async () => {
  const office = createOffice()
  await office.announce(dave)
  await leave(office.visit(), dave, parcelFor(dave, 'x'))
  assert.equal(await prove(office.visit(), dave), 'open')
  const renewed = await renewDevice(dave, NOW, seededRandom('renewed'))
  await office.publish(renewed.log)
  assert.equal(await prove(office.visit(), dave), 'ERR_ROLLBACK')
  assert.equal(await prove(office.visit(), renewed), 'open')
  const rotated = rotateIdentity(dave.log, phrase, NOW, seededRandom('rotated'))
  await office.publish(rotated.log)
  for (const old of [dave, renewed]) assert.equal(await prove(office.visit(), old), 'ERR_ROLLBACK')
  // The new log with the old key.
  assert.equal(await prove(office.visit(), dave, { log: rotated.log }), 'ERR_MAILBOX_PROOF')
  assert.equal(await prove(office.visit(), rotated), 'open')
})

test('§5 nor when the directory shows the mailbox an older truth, or nothing', async () => {
  const store = openMailboxStore(null)
  const office = createOffice(store)
  const renewed = await renewDevice(dave, NOW, seededRandom('renewed'))
  await office.announce(renewed)
  await leave(office.visit(), renewed, parcelFor(renewed, 'x'))
  const surrounded = createOffice(store)
  await surrounded.publish(dave.log)
  assert.equal(await prove(surrounded.visit(), dave), 'ERR_ROLLBACK')
  for (const node of office.directory.nodes) node.behaviour = silent
  assert.equal(await prove(office.visit(), renewed), 'ERR_LOOKUP_INCOMPLETE')
  assert.equal(await prove(office.visit(), dave), 'ERR_ROLLBACK')
})

test('§5 nor when the mailbox hears of the new keys while it asks', async () => {
  const office = createOffice()
  await office.announce(dave)
  await leave(office.visit(), dave, parcelFor(dave, 'x'))
  const renewed = await renewDevice(dave, NOW, seededRandom('renewed'))
  for (const node of office.directory.nodes)
    node.behaviour = ({ honest }) => {
      office.store.raise(renewed.log)
      return honest()
    }
  assert.equal(await prove(office.visit(), dave), 'ERR_ROLLBACK')
})

test('§5 a log that was shown at a fetch is a floor, also when the directory does not know it', async () => {
  const office = createOffice()
  await office.announce(dave)
  await leave(office.visit(), dave, parcelFor(dave, 'x'))
  const renewed = await renewDevice(dave, NOW, seededRandom('renewed'))
  // Known to nobody but its owner so far.
  assert.equal(await prove(office.visit(), renewed), 'open')
  assert.equal(await prove(office.visit(), dave), 'ERR_ROLLBACK')
})

test('§5 a contradiction locks everybody out until its owner rotates', async () => {
  const office = createOffice()
  await office.announce(dave)
  await leave(office.visit(), dave, parcelFor(dave, 'x'))
  const [one, two] = await Promise.all(['one', 'two'].map((name) => renewDevice(dave, NOW, seededRandom(name))))
  assert.ok(one !== undefined && two !== undefined)
  await office.publish(one.log)
  await office.publish(two.log)
  for (const branch of [one, two]) assert.equal(await prove(office.visit(), branch), 'ERR_LOG_FORK')
  assert.equal(await prove(office.visit(), rotateIdentity(dave.log, phrase, NOW, seededRandom('r'))), 'open')
})

test('§5 a retired identity fetches nothing', async () => {
  const office = createOffice()
  const ended = rotateIdentity(dave.log, phrase, NOW, seededRandom('end'), 'retired')
  assert.equal(await prove(office.visit(), ended), 'ERR_PEER_RETIRED')
})
