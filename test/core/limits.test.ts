import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as limits from '../../src/core/limits.ts'
import { padmeSize } from '../../src/core/padding.ts'

/** Version, time, iv, MAC and up to one block of padding. */
const FERNET_OVERHEAD = 1 + 8 + 16 + 32 + 16

test('every limit is a positive whole number', () => {
  for (const [name, limit] of Object.entries(limits)) assert.ok(Number.isSafeInteger(limit) && limit > 0, name)
})

test('§8 a whole log, sealed in a hello with an ML-KEM ciphertext, fits one frame', () => {
  const log = limits.LOG_ENTRIES_MAX * (limits.ITEM_BYTES_MAX + 3)
  assert.ok(log + 1088 + 4096 + FERNET_OVERHEAD < limits.FRAME_BYTES_MAX)
})

test('§8 a file chunk fits one frame', () => {
  assert.ok(limits.CHUNK_BYTES + FERNET_OVERHEAD + 256 < limits.FRAME_BYTES_MAX)
})

test('§8 the longest message fits one frame, padded, with both halves of a ratchet step in its header', () => {
  const padded = padmeSize(limits.MESSAGE_BYTES_MAX + 1024)
  assert.ok(padded + FERNET_OVERHEAD + 1184 + 1088 + 512 < limits.FRAME_BYTES_MAX)
})

test('§4 one item fits a datagram', () => {
  assert.ok(limits.ITEM_BYTES_MAX < 986)
})

test('§3 a card outlives its reissue, and no card outlives the longest allowed', () => {
  assert.ok(limits.CARD_REISSUE < limits.CARD_AGE && limits.CARD_AGE <= limits.CARD_AGE_MAX)
})

test('§6 what one chain may skip can be kept', () => {
  assert.ok(limits.SKIP_MAX <= limits.SKIPPED_KEYS_MAX)
})
