import { hex } from '../../src/core/bytes.ts'
import type { ErrorCode } from '../../src/core/errors.ts'
import { encodeForkProof, FORK_PROOF_BYTES_MAX } from '../../src/core/fork-proof.ts'
import {
  bridgeLog,
  type EntryContent,
  type KeyLog,
  type PartialLog,
  rotateLog,
  updateLog,
} from '../../src/core/key-log.ts'
import {
  at,
  commitmentAfter,
  envelopesOf,
  flip,
  lengthen,
  makeDevice,
  makeIdentity,
  NOW,
  publicOf,
} from '../core/identities.ts'
import type { VectorMakers } from './vector-files.ts'

/**
 * vectors/fork-proof: the text `proof`, followed by `padding` spaces, proves at the time `now` that two logs of `address`
 * contradict each other from entry `parting` on, with the last entries `heads`; or it is refused with `error`.
 */

const alice = makeIdentity('vectors/fork-proof')
const bob = makeIdentity('vectors/fork-proof/bob')
const content = (name: string, status: EntryContent['status'] = 'active'): EntryContent => ({
  devices: publicOf([makeDevice(name)]),
  status,
  time: NOW,
})
const update = (log: KeyLog, name: string, status: EntryContent['status'] = 'active'): KeyLog =>
  updateLog(log, at(alice.roots, log.epoch), content(name, status))
const rotate = (log: KeyLog, name: string): KeyLog =>
  rotateLog(log, at(alice.roots, log.epoch + 1), commitmentAfter(alice, log.epoch + 1), content(name))

const shared = update(alice.log, 'phone')
const owner = update(shared, 'tablet')
const thief = update(shared, 'thief')
const rotated = rotate(shared, 'phone')
const retired = update(shared, 'thief', 'retired')
const bridged = bridgeLog(alice.log, at(alice.roots, 1), commitmentAfter(alice, 1))

const accepted =
  (description: string, a: KeyLog, b: KeyLog, parting: number, { now = NOW, padding = 0 } = {}) =>
  () => ({
    description,
    now,
    proof: encodeForkProof(a, b),
    padding,
    address: alice.address,
    heads: [hex(a.last.hash), hex(b.last.hash)],
    parting,
  })
const refused =
  (error: ErrorCode, description: string, proof: string, { now = NOW, padding = 0 } = {}) =>
  () => ({ description, now, proof, padding, error })

type Fields = { readonly [field: string]: unknown; readonly a: readonly string[]; readonly b: readonly string[] }
const valid = encodeForkProof(owner, thief)
const fields: Fields = JSON.parse(valid)
const textOf = (envelope: Uint8Array): string => Buffer.from(envelope).toString('base64url')
const branch = (log: PartialLog): string[] => envelopesOf(log).map(textOf)
const write = (changed: { readonly [field: string]: unknown }): string => JSON.stringify({ ...fields, ...changed })
const flipped = (log: KeyLog, seq: number): string[] => branch(log).with(seq, textOf(flip(at(envelopesOf(log), seq))))
/** The thief's log with its entries written in another way, which a lenient reader takes for the same. */
const respelled = (change: (text: string) => string): string[] => fields.b.map(change)
const padded = (text: string): string => text.padEnd(Math.ceil(text.length / 4) * 4, '=')
/** The last letter of a text that is not whole groups carries bits that no byte needs: the next letter has another one of them. */
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const loose = (text: string): string =>
  text.length % 4 === 0 ? text : text.slice(0, -1) + ALPHABET[ALPHABET.indexOf(text.at(-1) ?? '') + 1]
const room = FORK_PROOF_BYTES_MAX - valid.length

export const forkProofVectors: VectorMakers = {
  updates: accepted('two updates after the same entry', owner, thief, 2),
  rotations: accepted('a rotation signed again', rotated, rotate(shared, 'thief'), 2),
  retirement: accepted('an update and a retirement', owner, retired, 2),
  'unequal-lengths': accepted('branches of unequal length', lengthen(owner, at(alice.roots, 0), 9), thief, 2),
  'largest-text': accepted('as much text as is read', owner, thief, 2, { padding: room }),

  'text-size': refused('ERR_PROOF', 'one character more', valid, { padding: room + 1 }),
  empty: refused('ERR_PROOF', 'no text', ''),
  'no-json': refused('ERR_PROOF', 'text that is no JSON', 'fork-proof'),
  'cut-off': refused('ERR_PROOF', 'the last brace missing', valid.trimEnd().slice(0, -1)),
  list: refused('ERR_PROOF', 'a list', `[${valid.trimEnd()}]`),
  kind: refused('ERR_PROOF', 'another kind of file', write({ handfast: 'backup' })),
  version: refused('ERR_PROOF', 'version 2', write({ version: 2 })),
  'unknown-field': refused('ERR_PROOF', 'a field this version does not know', write({ note: '' })),
  'missing-field': refused('ERR_PROOF', 'only one log', write({ b: undefined })),
  'no-entries': refused('ERR_PROOF', 'a log without entries', write({ b: [] })),
  'too-many-entries': refused(
    'ERR_PROOF',
    '65 entries',
    write({ b: Array.from({ length: 65 }, () => at(fields.b, 0)) }),
  ),
  'entry-size': refused(
    'ERR_PROOF',
    'an entry of 901 bytes',
    write({ b: [at(fields.b, 0), textOf(new Uint8Array(901))] }),
  ),
  same: refused('ERR_PROOF', 'one log twice', write({ b: fields.a })),
  longer: refused('ERR_PROOF', 'a log and its beginning', write({ b: branch(shared) })),
  supersedes: refused('ERR_PROOF', 'a log that stands over the other', write({ a: branch(rotated) })),
  superseded: refused('ERR_PROOF', 'a log that the other stands over', write({ b: branch(rotated) })),
  'other-address': refused('ERR_LOG_ADDRESS', 'the address of another identity', write({ address: bob.address })),
  'other-log': refused('ERR_LOG_ADDRESS', 'a log of another identity', write({ b: branch(bob.log) })),
  decode: refused('ERR_LOG_DECODE', 'an entry that is no envelope', write({ b: [...branch(shared), 'AAAA'] })),
  gap: refused('ERR_LOG_SEQ', 'an entry left out', write({ a: branch(owner).toSpliced(1, 1) })),
  signature: refused('ERR_LOG_SIGNATURE', 'one bit of a signature changed', write({ b: flipped(thief, 2) })),
  'time-ahead': accepted('times that are years ahead of the clock', owner, thief, 2, { now: 0 }),
  'base64-padded': refused('ERR_PROOF', 'base64url with padding', write({ b: respelled((text) => padded(text)) })),
  'base64-alphabet': refused(
    'ERR_PROOF',
    'the alphabet of base64 in the place of base64url',
    write({ b: respelled((text) => text.replaceAll('-', '+').replaceAll('_', '/')) }),
  ),
  'base64-inside': refused(
    'ERR_PROOF',
    'a newline inside an entry',
    write({ b: respelled((text) => `${text.slice(0, 8)}\n${text.slice(8)}`) }),
  ),
  'base64-loose-bits': refused('ERR_PROOF', 'bits behind the last byte', write({ b: respelled(loose) })),
  bridge: refused(
    'ERR_LOG_BRIDGE',
    'a rotation and the bridge that a recovery put in its place',
    write({ a: branch(rotate(alice.log, 'phone')), b: branch(bridged) }),
  ),
}
