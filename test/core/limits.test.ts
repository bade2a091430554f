import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CborValue, encodeCbor } from '../../src/core/cbor.ts'
import * as connectionLimits from '../../src/core/limits/connection-limits.ts'
import * as fileLimits from '../../src/core/limits/file-limits.ts'
import * as mailboxLimits from '../../src/core/limits/mailbox-limits.ts'
import * as messageLimits from '../../src/core/limits/message-limits.ts'
import * as protocolLimits from '../../src/core/limits/protocol-limits.ts'
import * as recordLimits from '../../src/core/limits/record-limits.ts'
import * as storeLimits from '../../src/core/limits/store-limits.ts'
import * as rates from '../../src/core/limits/stranger-rates.ts'
import { padmeSize } from '../../src/core/padding.ts'
import * as directoryLimits from '../../src/directory/limits.ts'

const limits = {
  ...connectionLimits,
  ...fileLimits,
  ...mailboxLimits,
  ...messageLimits,
  ...protocolLimits,
  ...recordLimits,
  ...storeLimits,
}

/** Version, time, iv, MAC and up to one block of padding. */
const FERNET_OVERHEAD = 1 + 8 + 16 + 32 + 16

test('every limit is a positive whole number', () => {
  for (const [name, limit] of Object.entries({ ...limits, ...directoryLimits }))
    for (const number of typeof limit === 'number' ? [limit] : [limit.burst, limit.perSecond])
      assert.ok(Number.isSafeInteger(number) && number > 0, name)
})

test('every rate lets something through, and all who have one share more than one of them has', () => {
  const { STRANGERS_TOLD_MS: _, ...all } = rates
  const pairs = Object.entries(all).filter(([name]) => name.startsWith('STRANGER_'))
  assert.equal(2 * pairs.length, Object.keys(all).length)
  for (const [name, each] of pairs) {
    const together = all[name.replace('STRANGER_', 'STRANGERS_') as keyof typeof all]
    for (const what of ['count', 'bytes'] as const)
      for (const part of ['burst', 'perSecond'] as const) assert.ok(each[what][part] > 0, name)
    assert.ok(each.count.burst < together.count.burst || each.bytes.burst < together.bytes.burst, name)
    assert.ok(
      each.count.perSecond <= together.count.perSecond && each.bytes.perSecond <= together.bytes.perSecond,
      name,
    )
  }
})

test('what a rate lets in at once holds the longest message, and a quarter of it too', () => {
  for (const { bytes } of [rates.STRANGER_MESSAGES, rates.STRANGERS_MESSAGES])
    assert.ok(bytes.burst / 4 >= limits.MESSAGE_BODY_MAX)
})

test('§8 a whole log, sealed in a hello with an ML-KEM ciphertext and a confirmation, fits one frame', () => {
  const log = limits.LOG_ENTRIES_MAX * (limits.ITEM_BYTES_MAX + 3)
  const confirmation = limits.HEADER_BYTES_MAX + FERNET_OVERHEAD + 64
  assert.ok(log + 1088 + confirmation + 512 + FERNET_OVERHEAD < limits.HELLO_BYTES_MAX)
})

test('§6 the largest header is within its bound, and the bound is no looser than it needs to be', () => {
  const [session, dh, kem, ct] = [16, 33, 1184, 1088].map((size) => new Uint8Array(size))
  const largest = encodeCbor([session, dh, 2 ** 32 - 1, 2 ** 32 - 1, kem, ct] as CborValue)
  assert.equal(largest.length, 2341)
  assert.ok(limits.HEADER_BYTES_MAX >= largest.length && limits.HEADER_BYTES_MAX < largest.length + 64)
})

test('§8 a file chunk fits one frame', () => {
  assert.ok(limits.CHUNK_BYTES + FERNET_OVERHEAD + 256 < limits.FRAME_BYTES_MAX)
})

test('§8 the longest message fits one frame, padded, with both halves of a ratchet step in its header', () => {
  const padded = padmeSize(limits.MESSAGE_BYTES_MAX + 1024)
  assert.ok(padded + FERNET_OVERHEAD + limits.HEADER_BYTES_MAX + 64 < limits.FRAME_BYTES_MAX)
})

test('§4 one item fits a datagram', () => {
  assert.ok(limits.ITEM_BYTES_MAX < 995)
})

test('§3 a card outlives its reissue, and no card outlives the longest allowed', () => {
  assert.ok(limits.CARD_REISSUE < limits.CARD_AGE && limits.CARD_AGE <= limits.CARD_AGE_MAX)
})

test('§6 what one chain may skip can be kept', () => {
  assert.ok(limits.SKIP_MAX <= limits.SKIPPED_KEYS_MAX)
})
