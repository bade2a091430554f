import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sha256 } from '../../src/core/kdf.ts'
import { MAILBOX_RECIPIENT_PARCELS, MAILBOX_STEP_MS } from '../../src/core/limits/mailbox-limits.ts'
import { depositAt, type Fetching, openFetching } from '../../src/mailbox/client.ts'
import {
  decodeMailboxRequest,
  encodeMailboxAnswer,
  type MailboxAnswer,
  type MailboxRequest,
  partsOf,
} from '../../src/mailbox/mailbox-format.ts'
import { bob, codeOf, settle } from '../connection/sides.ts'
import { flip, makeBytes } from '../core/identities.ts'
import { createLines, type LineEnd } from './lines.ts'
import { mailbox, parcelFor } from './office.ts'

/** What a guest makes of a mailbox that says what it likes. */

const parcel = parcelFor(bob, 'parcel', 20_000)
const id = sha256(parcel)
const signal = new AbortController().signal

type Script = (request: MailboxRequest, count: number) => readonly MailboxAnswer[] | null

/** A mailbox that follows a script; null is a goodbye. */
const meet = (script: Script): LineEnd => {
  const [near, far] = createLines()
  const run = async (): Promise<void> => {
    for (let count = 0; ; count++) {
      const message = await far.receive({ signal })
      if (message === null) return
      const answers = script(decodeMailboxRequest(message), count)
      if (answers === null) return far.close()
      for (const answer of answers) await far.send(encodeMailboxAnswer(answer), { signal })
    }
  }
  void run()
  return near
}

const opening: Script = ({ t }) => {
  if (t === 'challenge') return [{ t: 'challenge', d: makeBytes('challenge', 32) }]
  return t === 'prove' ? [{ t: 'open' }] : []
}

/** An open mailbox that answers `next` like this. */
const fetchFrom = (answers: (count: number) => readonly MailboxAnswer[] | null): Promise<Fetching> => {
  let count = 0
  const line = meet((request, at) => (request.t === 'next' ? answers(count++) : opening(request, at)))
  return openFetching(line, { ...bob, mailbox, channel: makeBytes('channel', 64) })
}

const deposit = (script: Script): Promise<unknown> => codeOf(depositAt(meet(script), { to: bob.log.id, parcel }))

test('a deposit is done when the mailbox has said that it is kept, and not before', async () => {
  const said: string[] = []
  const honest: Script = (request) => {
    said.push(request.t)
    if (request.t === 'deposit') {
      assert.deepEqual(request, { t: 'deposit', to: bob.log.id, id, size: parcel.length })
      return [{ t: 'ready' }]
    }
    return said.length === 3 ? [{ t: 'kept' }] : []
  }
  assert.equal(await deposit(honest), undefined)
  assert.deepEqual(said, ['deposit', 'part', 'part'])
  assert.equal(await deposit(({ t }) => (t === 'deposit' ? [{ t: 'ready' }] : null)), 'ERR_CONNECTION_CLOSED')
})

test('a refusal keeps its code when it is a mailbox’s to give, and is quoted else', async () => {
  for (const code of ['ERR_MAILBOX_FULL', 'ERR_MAILBOX_SOURCE', 'ERR_MAILBOX_RECIPIENT', 'ERR_PARCEL'] as const)
    assert.equal(await deposit(() => [{ t: 'refused', code }]), code)
  for (const code of ['ERR_ROLLBACK', 'ERR_PEER_SUPERSEDED', 'ERR_STORE_CORRUPT'] as const)
    assert.equal(await deposit(() => [{ t: 'refused', code }]), 'ERR_REMOTE')
})

test('an answer to something else ends it', async () => {
  for (const answer of [{ t: 'kept' }, { t: 'end' }, { t: 'part', d: new Uint8Array(1) }] as const)
    assert.equal(await deposit(() => [answer]), 'ERR_MAILBOX_REQUEST')
  const [near, far] = createLines()
  await far.send(makeBytes('garbage', 40), { signal })
  assert.equal(await codeOf(depositAt(near, { to: bob.log.id, parcel })), 'ERR_MAILBOX_REQUEST')
})

test('a mailbox that does not answer is given up after 30 s, or when the caller says so', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const waiting = deposit(() => [])
  await settle()
  t.mock.timers.tick(MAILBOX_STEP_MS)
  assert.equal(await waiting, 'ERR_TIMEOUT')
  const stopping = new AbortController()
  const [near] = createLines()
  const given = codeOf(depositAt(near, { to: bob.log.id, parcel }, stopping.signal))
  await settle()
  const reason = new Error('enough')
  stopping.abort(reason)
  assert.equal(await given, reason)
})

test('only the bytes that a hash stands for are taken', async () => {
  const named: MailboxAnswer = { t: 'parcel', id, size: parcel.length }
  const honest = await fetchFrom((count) => (count === 0 ? [named, ...partsOf(parcel)] : [{ t: 'end' }]))
  assert.deepEqual(await honest.next(), { id, parcel })
  assert.equal(await honest.next(), null)
  const forged = await fetchFrom(() => [named, ...partsOf(flip(parcel))])
  assert.equal(await codeOf(forged.next()), 'ERR_PARCEL')
  const short = await fetchFrom(() => [named, { t: 'part', d: new Uint8Array(10) }])
  assert.equal(await codeOf(short.next()), 'ERR_MAILBOX_SIZE')
  const stopping = await fetchFrom(() => [named, ...partsOf(parcel).slice(0, 1), { t: 'end' }])
  assert.equal(await codeOf(stopping.next()), 'ERR_MAILBOX_REQUEST')
})

test('a mailbox that never ends is one of a thousand parcels', async () => {
  const small = makeBytes('small', 2048)
  const fetching = await fetchFrom(() => [{ t: 'parcel', id: sha256(small), size: 2048 }, ...partsOf(small)])
  let taken = 0
  while ((await fetching.next()) !== null) taken += 1
  assert.equal(taken, MAILBOX_RECIPIENT_PARCELS)
})

test('requests of several callers do not get in each other’s way', async () => {
  const said: string[] = []
  const line = meet((request, count) => {
    said.push(request.t)
    if (request.t === 'next') return [{ t: 'parcel', id, size: parcel.length }, ...partsOf(parcel)]
    return request.t === 'done' ? [{ t: 'deleted' }] : opening(request, count)
  })
  const fetching = await openFetching(line, { ...bob, mailbox, channel: makeBytes('channel', 64) })
  const all = await Promise.all([fetching.next(), fetching.done(id), fetching.next(), fetching.done(id)])
  assert.deepEqual(all, [{ id, parcel }, undefined, { id, parcel }, undefined])
  assert.deepEqual(said.slice(-4), ['next', 'done', 'next', 'done'])
})
