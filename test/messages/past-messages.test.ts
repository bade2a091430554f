import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createContacts } from '../../src/contacts/contact-api.ts'
import { encodeAddress } from '../../src/core/address.ts'
import { readPast, walkPast } from '../../src/messages/past-messages.ts'
import { openStore } from '../../src/store/store.ts'
import { alice, bob, makeWorld, mallory } from '../connection/sides.ts'
import { written } from './written.ts'

/** What was said with others, page by page. */

const APP = 'handfast'

const start = (count: number) => {
  const store = openStore(null)
  const read: number[] = []
  const messages: typeof store.messages = {
    ...store.messages,
    historyFrom: (...where) => {
      const page = store.messages.historyFrom(...where)
      read.push(page.length)
      return page
    },
  }
  const say = (peer: Uint8Array, text: string): void =>
    store.transaction(() => void store.messages.queue(written({ from: bob.log.id, to: peer, app: APP }, text)))
  for (let index = 0; index < count; index++) {
    say(alice.log.id, `${index}`)
    say(mallory.log.id, `of somebody else ${index}`)
  }
  const parts = { own: bob.log.id, app: APP, store: { messages }, contacts: createContacts(store, makeWorld('past')) }
  return { parts, read, say }
}

const address = encodeAddress(alice.log.id)

test('the latest, oldest first, whether they are read at once or one by one', () => {
  const { parts } = start(150)
  const all = readPast(parts, address, { limit: 1_000 })
  assert.deepEqual(
    all.map(({ text }) => text),
    Array.from({ length: 150 }, (_, index) => `${index}`),
  )
  const before = all[120]?.id ?? 0
  for (const span of [
    {},
    { limit: 1 },
    { limit: 32 },
    { limit: 33 },
    { limit: 1_000 },
    { before },
    { before, limit: 7 },
  ])
    assert.deepEqual([...walkPast(parts, address, span)], readPast(parts, address, span))
  assert.deepEqual([...walkPast(parts, address, { before: 1 })], [])
})

test('each page is read when it is asked for, and what comes meanwhile is not among them', () => {
  const { parts, read, say } = start(100)
  const texts: unknown[] = []
  for (const { text } of walkPast(parts, address, { limit: 80 })) {
    if (texts.length === 0) {
      assert.deepEqual(read, [32])
      say(alice.log.id, 'later')
    }
    texts.push(text)
  }
  assert.deepEqual(
    texts,
    Array.from({ length: 80 }, (_, index) => `${index + 20}`),
  )
})

test('a name that nobody has is refused before anything is read', () => {
  const { parts } = start(1)
  assert.throws(() => walkPast(parts, 'nobody', {}), { code: 'ERR_CONTACT' })
})
