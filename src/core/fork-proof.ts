import { encodeAddress } from './address.ts'
import { tooLarge } from './errors/sizes.ts'
import { EncodingError, KeyLogError } from './errors.ts'
import { bytes, list, literal, record, text } from './fields.ts'
import { blake2b256 } from './kdf.ts'
import { compareLogs, type KeyLog, verifyLog } from './key-log.ts'
import { ITEM_BYTES_MAX, LOG_ENTRIES_MAX } from './limits/protocol-limits.ts'

/** A fork proof: two valid logs of one address that contradict each other, as a file anyone can check offline (docs/spec/identity.md §6). */

/** A checked proof: `a` and `b` are valid logs of the same address, and neither continues the other. */
export type ForkProof = {
  readonly address: string
  readonly a: KeyLog
  readonly b: KeyLog
  /** number of the first entry in which the two differ */
  readonly parting: number
}

/** Two logs of 64 entries of 900 bytes in base64, with room for the rest. */
export const FORK_PROOF_BYTES_MAX = 2 * LOG_ENTRIES_MAX * ITEM_BYTES_MAX * 2

const toBase64 = (envelope: Uint8Array): string => Buffer.from(envelope).toString('base64url')

/** Canonical text only, since Node's decoder passes over whatever is not base64: another reader must see the same proof. */
const base64 = (value: unknown, name: string): Uint8Array => {
  const encoded = text(2 * ITEM_BYTES_MAX)(value, name)
  const decoded = Uint8Array.from(Buffer.from(encoded, 'base64url'))
  if (toBase64(decoded) !== encoded) throw new EncodingError('ERR_FIELD', { hint: name })
  return bytes(1, ITEM_BYTES_MAX)(decoded, name)
}

const branch = list(base64, 1, LOG_ENTRIES_MAX)

const readProof = record<{ handfast: 'fork-proof'; version: 1; address: string; a: Uint8Array[]; b: Uint8Array[] }>({
  handfast: literal('fork-proof'),
  version: literal(1),
  address: text(100),
  a: branch,
  b: branch,
})

const proofOf = (a: KeyLog, b: KeyLog): ForkProof => {
  if (compareLogs(a, b) !== 'fork')
    throw new KeyLogError('ERR_PROOF', { hint: 'the two logs do not contradict each other' })
  const parting = a.entries.findIndex(({ hash }, seq) => Buffer.compare(hash, b.entries[seq]?.hash ?? hash) !== 0)
  return { address: encodeAddress(a.id), a, b, parting }
}

/**
 * The proof as JSON text.
 * @throws KeyLogError ERR_PROOF when the logs are no fork, ERR_LOG_ADDRESS when they are of two addresses
 */
export const encodeForkProof = (a: KeyLog, b: KeyLog): string => {
  const { address } = proofOf(a, b)
  const envelopes = (log: KeyLog): string[] => log.entries.map(({ envelope }) => toBase64(envelope))
  const proof = { handfast: 'fork-proof', version: 1, address, a: envelopes(a), b: envelopes(b) }
  return `${JSON.stringify(proof, null, 2)}\n`
}

/**
 * Checks a proof from its text alone: both logs verify to the address, and neither stands over the other.
 * @throws KeyLogError ERR_PROOF when it is not a proof, or those of `verifyLog`
 */
export const checkForkProof = (content: string): ForkProof => {
  if (content.length > FORK_PROOF_BYTES_MAX)
    throw new KeyLogError('ERR_PROOF', { hint: tooLarge(content.length, FORK_PROOF_BYTES_MAX, 'characters') })
  let read: ReturnType<typeof readProof>
  try {
    read = readProof(JSON.parse(content), 'proof')
  } catch (cause) {
    throw new KeyLogError('ERR_PROOF', { cause })
  }
  const id = blake2b256(read.a[0] ?? new Uint8Array(0))
  if (encodeAddress(id) !== read.address) throw new KeyLogError('ERR_LOG_ADDRESS')
  return proofOf(verifyLog(id, read.a), verifyLog(id, read.b))
}
