import { concat } from '../../src/core/bytes.ts'
import { type CborValue, decodeCbor, encodeCbor } from '../../src/core/cbor.ts'
import { openChunk, sealChunk, type Transfer } from '../../src/core/chunk.ts'
import type { ErrorCode } from '../../src/core/errors.ts'
import { importFernetKey, sealFernet } from '../../src/core/fernet.ts'
import { respond } from '../../src/core/handshake.ts'
import { decodeHello, encodeHello } from '../../src/core/hello.ts'
import { hkdf, secretKey } from '../../src/core/kdf.ts'
import { decodeHeader, encodeHeader } from '../../src/core/session/header.ts'
import { decryptMessage, type Message } from '../../src/core/session/session.ts'
import { decodeSession, encodeSession } from '../../src/core/session/snapshot.ts'
import { makeBytes, NOW } from '../../test/core/identities.ts'
import { makeSides, surroundings } from '../../test/core/sessions.ts'
import { HELLO, MESSAGES, RECEIVED_AT, RESPONSE, SEAL_KEY, SEALED, SESSION, SNAPSHOT } from '../corpus.ts'
import { type Target, target } from '../target.ts'

/** Handshake, session and chunks of files: what is on the wire before and after there is a key. */

const LOG_CODES: readonly ErrorCode[] = [
  ...([
    'ERR_LOG_SIZE',
    'ERR_LOG_DECODE',
    'ERR_LOG_EMPTY',
    'ERR_LOG_TOO_LONG',
    'ERR_LOG_ADDRESS',
    'ERR_LOG_SEQ',
  ] as const),
  ...(['ERR_LOG_PREV', 'ERR_LOG_RETIRED', 'ERR_LOG_SIGNATURE', 'ERR_LOG_ROOT', 'ERR_LOG_NEXT'] as const),
  'ERR_LOG_TIME_BACK',
]
const MESSAGE_CODES: readonly ErrorCode[] = [
  ...(['ERR_SESSION_HEADER', 'ERR_SESSION_OTHER', 'ERR_SESSION_DUPLICATE'] as const),
  ...(['ERR_SESSION_SKIP', 'ERR_SESSION_TOKEN'] as const),
]
const HELLO_CODES: readonly ErrorCode[] = [
  ...(['ERR_HELLO_DECODE', 'ERR_HELLO_VERSION', 'ERR_HELLO_CARD', 'ERR_HELLO_REPLAY', 'ERR_HELLO_SEALED'] as const),
  ...(['ERR_HELLO_DEVICE', 'ERR_PEER_RETIRED', 'ERR_PEER_SELF'] as const),
  ...LOG_CODES,
  ...MESSAGE_CODES,
]

const respondTo = (hello: Uint8Array) => respond(RESPONSE, hello, surroundings('fuzz/bob'))

/** A hello whose sealed part opens: what is in it was changed before it was sealed. */
const { v, ek, card, ct, first } = decodeHello(HELLO)
const withSealed = (inside: Uint8Array): Uint8Array =>
  encodeHello({
    v,
    ek,
    card,
    ct,
    first,
    sealed: sealFernet(SEAL_KEY, inside.slice(0, 60_000), NOW, new Uint8Array(16)),
  })

const messageOf = ({ header, token }: Message): Uint8Array => encodeCbor([header, token])
const receive = (input: Uint8Array): unknown => {
  // The split is ours, and not what is looked at.
  const [header, token] = splitMessage(input)
  return decryptMessage(SESSION, { header, token }, surroundings('fuzz/receive', RECEIVED_AT)).plaintext
}
/** A list of two byte strings, or half of whatever it is. */
const splitMessage = (input: Uint8Array): readonly [Uint8Array, Uint8Array] => {
  try {
    const [header, token] = decodeCbor(input) as readonly CborValue[]
    if (header instanceof Uint8Array && token instanceof Uint8Array) return [header, token]
  } catch {
    // Then it is cut in the middle.
  }
  const half = input.length >> 1
  return [input.subarray(0, half), input.subarray(half)]
}
const headers = [...MESSAGES, makeSides('fuzz/header').alice.send('first')].map(({ header }) => header)

const transfer: Transfer = {
  id: makeBytes('fuzz/transfer', 16),
  secret: secretKey(makeBytes('fuzz/secret', 32)),
  size: 100,
}
const chunk = sealChunk(transfer, 0, makeBytes('fuzz/chunk', 100), NOW, new Uint8Array(16))
/** The chunk's own key, to seal what is too short or too long. */
const chunkKey = importFernetKey(
  hkdf(concat(transfer.id, Uint8Array.of(0, 0, 0, 0, 1)), transfer.secret, 'handfast/v1/chunk', 32),
)

export const conversationTargets: readonly Target[] = [
  target({
    name: 'hello',
    form: 'cbor',
    corpus: [HELLO],
    decode: decodeHello,
    encode: encodeHello,
    codes: ['ERR_HELLO_DECODE', 'ERR_HELLO_VERSION'],
    share: 16,
  }),
  target({
    name: 'hello-answered',
    form: 'cbor',
    corpus: [HELLO],
    decode: respondTo,
    codes: HELLO_CODES,
    share: 1,
  }),
  target({
    name: 'hello-sealed',
    form: 'cbor',
    corpus: [SEALED],
    wrap: withSealed,
    decode: respondTo,
    codes: HELLO_CODES,
    share: 1,
  }),
  target({
    name: 'header',
    form: 'cbor',
    corpus: headers,
    decode: decodeHeader,
    encode: encodeHeader,
    codes: ['ERR_SESSION_HEADER'],
    share: 16,
  }),
  target({
    name: 'message',
    form: 'cbor',
    corpus: MESSAGES.map(messageOf),
    decode: receive,
    codes: MESSAGE_CODES,
    share: 6,
  }),
  target({
    name: 'session-snapshot',
    form: 'cbor',
    corpus: [SNAPSHOT, encodeSession(makeSides('fuzz/snapshot').bob.session)],
    decode: decodeSession,
    encode: encodeSession,
    codes: ['ERR_SESSION_CORRUPT', 'ERR_SESSION_VERSION'],
    share: 2,
  }),
  target({
    name: 'chunk',
    form: 'bytes',
    corpus: [chunk],
    decode: (token) => openChunk(transfer, 0, token),
    codes: ['ERR_FILE_CORRUPT'],
    share: 2,
  }),
  target({
    name: 'chunk-authentic',
    form: 'bytes',
    corpus: [makeBytes('fuzz/chunk', 100)],
    wrap: (plaintext) => sealFernet(chunkKey, plaintext, NOW, new Uint8Array(16)),
    decode: (token) => openChunk(transfer, 0, token),
    encode: (plaintext) => sealFernet(chunkKey, plaintext, NOW, new Uint8Array(16)),
    codes: ['ERR_FILE_CORRUPT'],
    share: 2,
  }),
]
