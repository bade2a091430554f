import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createContactStore } from '../../src/store/contact-store.ts'
import { openDatabase } from '../../src/store/database.ts'
import { createLogReader, LOGS_REMEMBERED, logColumn, readLog } from '../../src/store/rows.ts'
import { makeIdentity } from '../core/identities.ts'

const open = (t: TestContext) => {
  const database = openDatabase(null)
  t.after(() => database.close())
  let verified = 0
  const counting = createLogReader((id) => (value, name) => {
    verified += 1
    return readLog(id)(value, name)
  })
  return { database, contacts: createContactStore(database, counting), verified: () => verified }
}

test('who goes through all contacts verifies the logs that are looked at, each once', (t) => {
  const { contacts, verified } = open(t)
  const logs = ['Alice', 'Bob', 'Carol'].map((name) => makeIdentity(name).log)
  for (const log of logs) contacts.keep(log, 1)
  for (let pass = 0; pass < 3; pass++) assert.equal(contacts.all().length, 3)
  assert.equal(verified(), 0)
  for (const { id } of logs)
    assert.deepEqual(contacts.get(id)?.log.last.hash, logs.find((log) => log.id === id)?.last.hash)
  assert.equal(verified(), 3)
  for (const { log } of contacts.all()) assert.equal(log.epoch, 0)
  assert.equal(verified(), 3)
})

test('a log that is damaged on disk is told when it is looked at, and keeps no other from being read', (t) => {
  const { database, contacts } = open(t)
  const [alice, bob] = ['Alice', 'Bob'].map((name) => makeIdentity(name).log)
  assert.ok(alice && bob)
  contacts.keep(alice, 1)
  contacts.keep(bob, 2)
  database.run('UPDATE contacts SET log = ? WHERE id = ?', logColumn(alice), bob.id)
  const [first, second] = contacts.all()
  assert.deepEqual(first?.log.id, alice.id)
  assert.throws(() => second?.log, { code: 'ERR_STORE_CORRUPT' })
})

test('of more logs than are remembered, those give way that were not looked at for longest', () => {
  let verified = 0
  const { log } = makeIdentity('Alice')
  const reader = createLogReader(() => () => {
    verified += 1
    return log
  })
  const look = (number: number): unknown => reader(Uint8Array.of(number >> 8, number))(Uint8Array.of(1), 'log')
  for (let number = 0; number < LOGS_REMEMBERED; number++) look(number)
  look(0)
  look(LOGS_REMEMBERED)
  assert.equal(verified, LOGS_REMEMBERED + 1)
  look(0)
  assert.equal(verified, LOGS_REMEMBERED + 1)
  look(1)
  assert.equal(verified, LOGS_REMEMBERED + 2)
})
