import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ErrorCode } from '../../src/core/errors.ts'
import { folders } from '../vectors/generate-protocol.ts'
import { listFiles, readFile } from '../vectors/vector-files.ts'

const files = folders.flatMap((folder) => listFiles(folder).map((file) => ({ text: readFile(folder, file) })))

test('every way in which a log, a fork proof, a card, a hello, a message, a parcel or a fetch claim is refused has a vector', () => {
  const covered = new Set(files.map(({ text }) => (JSON.parse(text) as { error?: ErrorCode }).error))
  const codes: readonly ErrorCode[] = [
    ...(['SIZE', 'DECODE', 'EMPTY', 'TOO_LONG', 'ADDRESS', 'SEQ', 'PREV', 'RETIRED'] as const).map(
      (end) => `ERR_LOG_${end}` as const,
    ),
    ...(['SIGNATURE', 'ROOT', 'NEXT', 'TIME_BACK'] as const).map((end) => `ERR_LOG_${end}` as const),
    ...(['SIZE', 'DECODE', 'ID', 'HEAD', 'RETIRED', 'DEVICE'] as const).map((end) => `ERR_CARD_${end}` as const),
    ...(['SIGNATURE', 'WINDOW', 'AHEAD', 'EXPIRED', 'CHANNEL', 'KEM'] as const).map(
      (end) => `ERR_CARD_${end}` as const,
    ),
    ...(['DECODE', 'VERSION', 'CARD', 'REPLAY', 'SEALED', 'DEVICE'] as const).map((end) => `ERR_HELLO_${end}` as const),
    ...(['HEADER', 'OTHER', 'DUPLICATE', 'SKIP', 'TOKEN'] as const).map((end) => `ERR_SESSION_${end}` as const),
    'ERR_SESSION_CORRUPT',
    'ERR_SESSION_VERSION',
    'ERR_PROOF',
    'ERR_PARCEL',
    'ERR_MAILBOX_SIZE',
    'ERR_MAILBOX_PROOF',
    'ERR_PEER_RETIRED',
    'ERR_PEER_SELF',
  ]
  assert.deepEqual(
    codes.filter((code) => !covered.has(code)),
    [],
  )
})
