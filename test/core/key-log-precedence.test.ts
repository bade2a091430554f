import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ErrorCode } from '../../src/core/errors.ts'
import { type KeyLog, updateLog } from '../../src/core/key-log.ts'
import { LOG_ENTRIES_MAX } from '../../src/core/limits/protocol-limits.ts'
import type { P256PrivateKey } from '../../src/core/p256.ts'
import {
  at,
  type Draft,
  draftEntry,
  failsWith,
  grow,
  lengthen,
  makeBytes,
  makeIdentity,
  makeKey,
  NOW,
  publicOf,
  signDraft,
} from './identities.ts'

const alice = makeIdentity('alice')
const root = at(alice.roots, 0)
const stranger = makeKey('stranger')

/** Everything that decides about one entry; a fault spoils one part of it. */
type Attempt = { readonly log: KeyLog; readonly draft: Draft; readonly key: P256PrivateKey }
type Fault = {
  readonly code: ErrorCode
  /** what the log before the entry must be like */
  readonly before?: 'retired' | 'full'
  readonly spoil?: (attempt: Attempt) => Partial<Attempt>
}

const change = (fields: Draft) => (attempt: Attempt) => ({ draft: { ...attempt.draft, ...fields } })

/** In the order in which they must be reported. */
const faults: readonly Fault[] = [
  { code: 'ERR_LOG_SIZE', spoil: change({ pad: new Uint8Array(900) }) },
  { code: 'ERR_LOG_DECODE', spoil: change({ note: null }) },
  { code: 'ERR_LOG_SEQ', spoil: change({ seq: 70 }) },
  { code: 'ERR_LOG_PREV', spoil: change({ prev: makeBytes('prev', 32) }) },
  { code: 'ERR_LOG_RETIRED', before: 'retired' },
  { code: 'ERR_LOG_SIGNATURE', spoil: () => ({ key: makeKey('another') }) },
  {
    code: 'ERR_LOG_ROOT',
    spoil: ({ draft, key }) => ({
      draft: { ...draft, root: stranger.publicKey },
      key: key === root ? stranger : key,
    }),
  },
  { code: 'ERR_LOG_NEXT', spoil: change({ next: makeBytes('next', 32) }) },
  { code: 'ERR_LOG_SLOT', spoil: change({ slot: makeBytes('slot', 32) }) },
  { code: 'ERR_LOG_TIME_BACK', spoil: ({ draft, log }) => ({ draft: { ...draft, time: log.last.entry.time - 1 } }) },
  { code: 'ERR_LOG_TOO_LONG', before: 'full' },
]

const logBefore = (chosen: readonly Fault[]): KeyLog => {
  const [retired, full] = (['retired', 'full'] as const).map((state) => chosen.some(({ before }) => before === state))
  const log = lengthen(alice.log, root, (full ? LOG_ENTRIES_MAX : 2) - 1)
  const status = retired ? 'retired' : 'active'
  return updateLog(log, root, { devices: publicOf(alice.devices), status, time: NOW })
}

const attempt = (chosen: readonly Fault[]): KeyLog => {
  const log = logBefore(chosen)
  let made: Attempt = { log, draft: { ...draftEntry(log, alice), status: 'active' }, key: root }
  for (const { spoil } of chosen) made = { ...made, ...spoil?.(made) }
  const { draft, key } = made
  return grow(log, signDraft(draft, key))
}

test('§2 an entry without a fault is accepted', () => {
  assert.equal(attempt([]).entries.length, 3)
})

for (const [index, first] of faults.entries()) {
  test(`§2 ${first.code} alone`, () => {
    assert.throws(() => attempt([first]), failsWith(first.code))
  })
  for (const second of faults.slice(index + 1))
    test(`§2 ${first.code} is reported before ${second.code}`, () => {
      assert.throws(() => attempt([first, second]), failsWith(first.code))
    })
}
