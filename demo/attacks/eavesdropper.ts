/**
 * Mallory has every frame of the conversation, as if the transport had no encryption of its own. She looks for what was
 * said, and tries every key she has or can make on the tokens.
 */

import { decodeFrame } from '../../src/connection/frames.ts'
import { hex, utf8 } from '../../src/core/bytes.ts'
import { verifyLiveCard } from '../../src/core/card.ts'
import { decodeCbor } from '../../src/core/cbor.ts'
import { openEnvelope } from '../../src/core/cose.ts'
import { HandfastError } from '../../src/core/errors.ts'
import { FERNET_IV_BYTES, FERNET_KEY_BYTES, importFernetKey, openFernet, sealFernet } from '../../src/core/fernet.ts'
import { bytes, literal, record } from '../../src/core/fields.ts'
import { respond } from '../../src/core/handshake.ts'
import { secretKey } from '../../src/core/kdf.ts'
import { decapsulate, KEM_CIPHERTEXT_BYTES } from '../../src/core/kem.ts'
import { FRAME_BYTES_MAX } from '../../src/core/limits/protocol-limits.ts'
import { dh, POINT_BYTES } from '../../src/core/p256.ts'
import { messageFernetKey } from '../../src/core/session/message-key.ts'
import { systemWorld } from '../../src/identity/system-world.ts'
import { countKinds, firstOf } from '../capture.ts'
import type { Overheard } from '../wiretap.ts'
import { type Hand, now } from './hand.ts'

export type Seen = {
  readonly bytes: number
  readonly kinds: Readonly<Record<string, number>>
  /** the first bytes of the first message's token */
  readonly sample: Uint8Array
}

export const look = (overheard: readonly Overheard[]): Seen => ({
  bytes: overheard.reduce((sum, { frame }) => sum + frame.length, 0),
  kinds: countKinds(overheard.map(({ frame }) => frame)),
  sample: firstOf(overheard, 'msg').d.slice(0, 48),
})

/** How often the needles of each group occur anywhere in the bytes, across the borders of frames too. */
export const search = (
  overheard: readonly Overheard[],
  groups: readonly (readonly Uint8Array[])[],
): readonly number[] => {
  const haystack = Buffer.concat(overheard.map(({ frame }) => frame))
  const countOf = (needle: Uint8Array): number => {
    let count = 0
    for (let at = haystack.indexOf(needle); at >= 0; at = haystack.indexOf(needle, at + 1)) count += 1
    return count
  }
  return groups.map((needles) => needles.reduce((sum, needle) => sum + countOf(needle), 0))
}

export type Attempts = {
  readonly keys: number
  readonly tokens: number
  /** what the attempts ended in: the code of the error, or 'opened' */
  readonly ends: Readonly<Record<string, number>>
  /** the same attempts on two tokens made with one of these keys, to show that they would notice */
  readonly control: Readonly<Record<string, number>>
  /** the end of answering Alice's hello as Bob does, with her keys in place of his */
  readonly asBob: string
}

/** Messages she tries; every one has a key of its own. */
const MESSAGES = 16

export const tryKeys = (hand: Hand, overheard: readonly Overheard[]): Attempts => {
  const keys = candidates(hand, overheard)
  const tokens = tokensOf(overheard)
  return {
    keys: keys.length,
    tokens: tokens.length,
    ends: tryAll(keys, tokens),
    control: tryAll(keys, ownTokens(keys)),
    asBob: endOf(() => answerAsBob(hand, overheard)),
  }
}

type Token = { readonly header: Uint8Array; readonly token: Uint8Array }

const large = bytes(1, FRAME_BYTES_MAX)
const readHello = record({
  v: literal(1),
  ek: large,
  card: large,
  ct: large,
  sealed: large,
  first: record<Token>({ header: large, token: large }),
})

/** Both tokens of the hello, the first messages, and the first chunk of the file. */
const tokensOf = (overheard: readonly Overheard[]): readonly Token[] => {
  const none = new Uint8Array(0)
  const hello = readHello(decodeCbor(firstOf(overheard, 'hello').d), 'hello')
  const messages = overheard.flatMap(({ frame }): Token[] => {
    const decoded = decodeFrame(frame)
    return decoded?.t === 'msg' ? [{ header: decoded.h, token: decoded.d }] : []
  })
  return [
    { header: none, token: hello.sealed },
    hello.first,
    ...messages.slice(0, MESSAGES),
    { header: none, token: firstOf(overheard, 'chunk').d },
  ]
}

/** Tries each key on each token as the Fernet key itself, and as the message key it is derived from. */
const tryAll = (keys: readonly Uint8Array[], tokens: readonly Token[]): Readonly<Record<string, number>> => {
  const ends: Record<string, number> = {}
  for (const key of keys) {
    for (const { header, token } of tokens) {
      for (const fernetKey of [importFernetKey(key), messageFernetKey(secretKey(key.slice()), header)]) {
        const end = endOf(() => openFernet(fernetKey, token))
        ends[end] = (ends[end] ?? 0) + 1
      }
    }
  }
  return ends
}

/** One token for each way of using a key, under the last of hers. */
const ownTokens = (keys: readonly Uint8Array[]): readonly Token[] => {
  const key = keys.at(-1) ?? new Uint8Array(FERNET_KEY_BYTES)
  const header = utf8('header')
  return [importFernetKey(key), messageFernetKey(secretKey(key.slice()), header)].map((fernetKey) => ({
    header,
    token: sealFernet(fernetKey, utf8('opened'), now(), systemWorld.random(FERNET_IV_BYTES)),
  }))
}

/** All 32-byte values that went by, and what her private keys agree on with every public key that did. */
const candidates = (hand: Hand, overheard: readonly Overheard[]): readonly Uint8Array[] => {
  const values = new Map<string, Uint8Array>()
  for (const frame of handshakeAndHeaders(overheard))
    for (const value of byteStrings(frame)) values.set(hex(value), value)
  const seen = [...values.values()]
  const { identity, spk, kem } = hand
  const agreed = seen
    .filter((value) => value.length === POINT_BYTES && (value[0] === 2 || value[0] === 3))
    .flatMap((point) => [identity.root, identity.sign, identity.ik, spk].map((key) => dh(point, key)))
  const decapsulated = seen.filter((value) => value.length === KEM_CIPHERTEXT_BYTES).map((ct) => decapsulate(kem, ct))
  return [...seen.filter((value) => value.length === FERNET_KEY_BYTES), ...agreed, ...decapsulated]
}

const handshakeAndHeaders = (overheard: readonly Overheard[]): readonly unknown[] => [
  firstOf(overheard, 'open'),
  firstOf(overheard, 'card'),
  firstOf(overheard, 'hello'),
  ...tokensOf(overheard).map(({ header }) => header),
]

/** Every byte string in a value, and in whatever those decode to. */
const byteStrings = (value: unknown): readonly Uint8Array[] => {
  if (value instanceof Uint8Array) return [value, ...inside(value)]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(byteStrings)
}

const inside = (encoded: Uint8Array): readonly Uint8Array[] => {
  try {
    const value = decodeCbor(encoded)
    return typeof value === 'object' ? byteStrings(value) : []
  } catch {
    return []
  }
}

/** Bob's own code, fed with everything that went by and Mallory's private keys. */
const answerAsBob = ({ identity, spk, kem, bob }: Hand, overheard: readonly Overheard[]): void => {
  const { card: envelope } = firstOf(overheard, 'card')
  const content = decodeCbor(openEnvelope(envelope).payload)
  const channel = typeof content === 'object' && content !== null && 'channel' in content ? content.channel : null
  if (!(channel instanceof Uint8Array)) throw new Error('a live card names its channel')
  const card = verifyLiveCard(envelope, bob.log, now(), channel)
  const self = { log: bob.log, device: 0, ik: identity.ik }
  const surroundings = { now: now(), random: systemWorld.random }
  respond({ self, card, spk, kem, channel }, firstOf(overheard, 'hello').d, surroundings)
}

const endOf = (attempt: () => unknown): string => {
  try {
    attempt()
    return 'opened'
  } catch (error) {
    if (error instanceof HandfastError) return error.code
    throw error
  }
}
