import { equal, type RandomBytes } from './bytes.ts'
import { KeyError, KeyLogError } from './errors.ts'
import { generateDevice, type Identity, publicDevice } from './identity.ts'
import { secretKey, sha256 } from './kdf.ts'
import { type Entry, isRotationAt, type KeyLog, prefixOf, rotateLog } from './key-log.ts'
import { LOG_ENTRIES_MAX } from './limits.ts'
import { rootChain } from './recovery-phrase.ts'

/** What only the recovery phrase can do: rotate, recover, retire (docs/spec/identity.md §3). */

const SEED_BYTES = 32

/**
 * The part of a log that a rotation continues when its updates cannot be trusted: up to the last rotation. A thief of the
 * root key may have retired the identity, or filled its log to the last place; the rotation overrules all that.
 * @throws KeyLogError ERR_LOG_RETIRED when the owner's own rotation retired it
 */
export const recoveryBase = (log: KeyLog): KeyLog => {
  const rotations = log.entries.map((_, seq) => seq).filter((seq) => isRotationAt(log, seq))
  const base = prefixOf(log, rotations.at(-1) ?? 0)
  if (base.last.entry.status === 'retired') throw new KeyLogError('ERR_LOG_RETIRED')
  return base
}

/** An owner's own log is continued as it is while that leaves room for many more entries. */
const ENTRIES_TO_CONTINUE = LOG_ENTRIES_MAX / 2

/** What a rotation on the owner's own machine continues: all of its log, so that contacts see one chain. */
export const ownBase = (log: KeyLog): KeyLog =>
  log.entries.length <= ENTRIES_TO_CONTINUE && log.last.entry.status === 'active' ? log : recoveryBase(log)

/**
 * Rotates the root key by the recovery phrase: new root key, new device keys, and every former device void.
 * @param base `ownBase` or `recoveryBase` of the furthest log known
 * @param now seconds since 1970
 * @param status 'retired' ends the identity for good
 * @throws KeyError ERR_PHRASE, ERR_PHRASE_OTHER; KeyLogError ERR_LOG_RETIRED
 */
export const rotateIdentity = (
  base: KeyLog,
  phrase: string,
  now: number,
  random: RandomBytes,
  status: Entry['status'] = 'active',
): Identity => {
  const rotation = base.epoch + 1
  const chain = rootChain(phrase)
  const root = chain.root(rotation)
  const next = chain.next(rotation)
  if (!equal(sha256(root.publicKey, next), base.last.entry.next)) throw new KeyError('ERR_PHRASE_OTHER')
  const keys = generateDevice(random)
  const time = Math.max(now, base.last.entry.time)
  const content = { devices: [publicDevice(keys)], status, time }
  const rotated = rotateLog(base, root, next, content)
  return { log: rotated, root, device: 0, ...keys, transportSeed: secretKey(random(SEED_BYTES)) }
}
