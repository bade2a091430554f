import { decodeCbor, encodeSecretCbor } from '../cbor.ts'
import { SessionError } from '../errors.ts'
import { bytes, list, literal, nullable, record, tuple, uint } from '../fields.ts'
import { exportSecret, secretKey } from '../kdf.ts'
import { exportKem, generateKem, KEM_CIPHERTEXT_BYTES, KEM_SEED_BYTES } from '../kem.ts'
import { KEM_STEP_MESSAGES, SESSION_BYTES_MAX, SKIPPED_KEYS_MAX } from '../limits/protocol-limits.ts'
import { exportPrivateKey, importPrivateKey, importPublicKey, POINT_BYTES, SCALAR_BYTES } from '../p256.ts'
import { createWiping } from '../wipe.ts'
import { NUMBER_MAX, SESSION_ID_BYTES } from './header.ts'
import type { ReceivingChain, SendingChain, Session } from './session.ts'
import { restoreSkippedKeys } from './skipped-keys.ts'

/** A session as bytes, and back (docs/spec/session.md §6). */

type SendingFields = {
  readonly ck: Uint8Array
  readonly n: number
  readonly offer: Uint8Array | null
  readonly answer: Uint8Array | null
}
type ReceivingFields = { readonly ck: Uint8Array; readonly n: number; readonly parts: Uint8Array }
type SkippedFields = readonly [Uint8Array, number, Uint8Array, number]

type Snapshot = {
  readonly v: 1
  readonly id: Uint8Array
  readonly rk: Uint8Array
  readonly self: Uint8Array
  readonly remote: Uint8Array | null
  readonly sending: SendingFields | null
  readonly receiving: ReceivingFields | null
  readonly pn: number
  readonly skipped: readonly SkippedFields[]
  readonly since: number
  readonly messages: number
}

const KEY_BYTES = 32
const HASH_BYTES = 32
const [key, point, ciphertext] = [bytes(KEY_BYTES), bytes(POINT_BYTES), bytes(KEM_CIPHERTEXT_BYTES)]
/** The number of a chain's next message: one more than the last that a header can carry. */
const next = uint(NUMBER_MAX + 1)

const readSnapshot = record<Snapshot>({
  v: literal(1),
  id: bytes(SESSION_ID_BYTES),
  rk: key,
  self: bytes(SCALAR_BYTES),
  remote: nullable(point),
  sending: nullable(
    record<SendingFields>({ ck: key, n: next, offer: nullable(bytes(KEM_SEED_BYTES)), answer: nullable(ciphertext) }),
  ),
  receiving: nullable(record<ReceivingFields>({ ck: key, n: next, parts: bytes(HASH_BYTES) })),
  pn: uint(NUMBER_MAX),
  skipped: list(tuple<SkippedFields>(point, uint(NUMBER_MAX), key, uint()), 0, SKIPPED_KEYS_MAX),
  since: uint(),
  messages: uint(KEM_STEP_MESSAGES),
})

/**
 * The whole session as deterministic CBOR: one state, one byte string. It holds every secret in the clear: seal it
 * before it is written anywhere, and wipe it then. Store the next state before anything that was made from it leaves.
 */
export const encodeSession = (session: Session): Uint8Array => {
  const { sending, receiving, kemClock } = session
  using secrets = createWiping()
  const exported = (key: Session['rootKey']): Uint8Array => secrets.keep(exportSecret(key))
  return encodeSecretCbor({
    v: 1,
    id: session.id,
    rk: exported(session.rootKey),
    self: secrets.keep(exportPrivateKey(session.self)),
    remote: session.remote,
    sending: sending && {
      ck: exported(sending.key),
      n: sending.index,
      offer: sending.offer && secrets.keep(exportKem(sending.offer)),
      answer: sending.answer,
    },
    receiving: receiving && { ck: exported(receiving.key), n: receiving.index, parts: receiving.kemParts },
    pn: session.previous,
    skipped: [...session.skipped.values()].map(({ dh, n, key: messageKey, time }) => [
      dh,
      n,
      exported(messageKey),
      time,
    ]),
    since: kemClock.since,
    messages: kemClock.messages,
  })
}

/** No cause goes with it: what a decoder says of damaged bytes could quote a key. */
const corrupt = (): never => {
  throw new SessionError('ERR_SESSION_CORRUPT')
}

/** What holds between the parts of every session that came about by itself. */
const isCoherent = ({ remote, sending, receiving, pn, skipped }: Snapshot): boolean =>
  (remote === null) === (sending === null) &&
  (sending !== null || receiving === null) &&
  (receiving === null ? pn === 0 && skipped.length === 0 : receiving.n > 0) &&
  (sending?.offer == null || sending.n > 0) &&
  (sending?.answer == null || receiving !== null)

const restoreSending = ({ ck, n, offer, answer }: SendingFields): SendingChain => ({
  key: secretKey(ck),
  index: n,
  offer: offer && generateKem(() => offer),
  answer,
})

const restoreReceiving = ({ ck, n, parts }: ReceivingFields): ReceivingChain => ({
  key: secretKey(ck),
  index: n,
  kemParts: parts,
})

const restore = (snapshot: Snapshot): Session => {
  const { id, rk, self, remote, sending, receiving, pn, since, messages } = snapshot
  if (!isCoherent(snapshot)) return corrupt()
  const kept = snapshot.skipped.map(([dh, n, mk, time]) => ({ dh, n, key: secretKey(mk), time }))
  const skipped = restoreSkippedKeys(kept) ?? corrupt()
  if (remote !== null) importPublicKey(remote)
  const session: Session = {
    id,
    rootKey: secretKey(rk),
    self: importPrivateKey(self),
    remote,
    sending: sending && restoreSending(sending),
    receiving: receiving && restoreReceiving(receiving),
    previous: pn,
    skipped,
    kemClock: { since, messages },
  }
  self.fill(0)
  return session
}

/**
 * The session that `encodeSession` wrote. The bytes given are not wiped.
 * @throws SessionError ERR_SESSION_VERSION, ERR_SESSION_CORRUPT
 */
export const decodeSession = (snapshot: Uint8Array): Session => {
  if (snapshot.length > SESSION_BYTES_MAX) return corrupt()
  const value = decoded(snapshot)
  if (typeof value === 'object' && value !== null && 'v' in value && value.v !== 1)
    throw new SessionError('ERR_SESSION_VERSION')
  try {
    return restore(readSnapshot(value, 'session'))
  } catch {
    return corrupt()
  }
}

const decoded = (snapshot: Uint8Array): unknown => {
  try {
    return decodeCbor(snapshot)
  } catch {
    return corrupt()
  }
}
