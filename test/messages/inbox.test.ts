import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeCbor } from '../../src/core/cbor.ts'
import {
  STRANGER_MESSAGES_MAX,
  UNKNOWN_APPLICATION_MESSAGES_MAX,
  UNKNOWN_APPLICATIONS_MESSAGES_MAX,
} from '../../src/core/limits/message-limits.ts'
import { createInbox, type IncomingMessage } from '../../src/messages/inbox.ts'
import { openStore } from '../../src/store/store.ts'
import { alice } from '../connection/sides.ts'
import { sequence } from './lines-alone.ts'

/** How many messages of whom there is room for, and what becomes of the rest. */

const peer = alice.log.id
const body = encodeCbor({ text: 'x' })
const messages = (name: string, app: string, count: number): IncomingMessage[] =>
  Array.from({ length: count }, (_, index) => ({ s: sequence(name), app, n: index + 1, p: index, at: 0, body }))

const start = (isContact: boolean) => {
  const store = openStore(null)
  store.applications.remember('handfast')
  return { store, inbox: createInbox(store, () => isContact) }
}

test('of what comes at once each sequence is taken as far as there is room for its application, whatever the others lack', () => {
  const { store, inbox } = start(true)
  const most = UNKNOWN_APPLICATION_MESSAGES_MAX
  const taken = inbox.take(peer, [...messages('a', 'chess', most + 2), ...messages('b', 'handfast', 3)])
  assert.deepEqual(taken.upTo, [
    { s: sequence('a'), n: most },
    { s: sequence('b'), n: 3 },
  ])
  assert.deepEqual(
    taken.refused.map(({ s, n }) => ({ s, n })),
    [{ s: sequence('a'), n: most + 1 }],
  )
  assert.equal(taken.fresh.length, most + 3)
  assert.equal(inbox.room(peer, 'chess'), 0)
  store.close()
})

test('what is here already is taken again where there is no room, and is not new', () => {
  const { store, inbox } = start(true)
  const all = messages('a', 'chess', UNKNOWN_APPLICATION_MESSAGES_MAX)
  inbox.take(peer, all)
  const { upTo, refused, fresh } = inbox.take(peer, all)
  assert.deepEqual([upTo.length, refused, fresh], [1, [], []])
  store.close()
})

test('applications that nobody opened share what little room there is, and a stranger has less', () => {
  const { store, inbox } = start(true)
  const each = UNKNOWN_APPLICATION_MESSAGES_MAX
  const count = UNKNOWN_APPLICATIONS_MESSAGES_MAX / each
  for (let index = 0; index < count; index++) {
    assert.equal(inbox.room(peer, `app${index}`), each)
    inbox.take(peer, messages(`${index}`, `app${index}`, each))
  }
  assert.equal(inbox.room(peer, 'another'), 0)
  assert.ok(inbox.room(peer, 'handfast') > each)
  store.close()
  const strange = start(false)
  assert.equal(strange.inbox.room(peer, 'handfast'), STRANGER_MESSAGES_MAX)
  strange.store.close()
})
