import { equal, type RandomBytes } from './bytes.ts'
import { commitmentTo, type EpochKeys, placeOfSlot } from './epoch-keys.ts'
import { KeyError, KeyLogError } from './errors.ts'
import { generateDevice, type Identity, publicDevice } from './identity.ts'
import { bridgeLog, isRotationAt, type KeyLog, type PartialLog, prefixOf, ROTATIONS_MAX, rotateLog } from './key-log.ts'
import { LOG_ENTRIES_MAX } from './limits/protocol-limits.ts'
import type { P256PrivateKey } from './p256.ts'
import { type PhraseKeys, phraseKeys } from './recovery-phrase.ts'
import { closeSlots } from './slot.ts'

/** What only the recovery phrase can do: rotate, recover, retire (docs/spec/identity.md §3). */

/** @throws KeyError ERR_PHRASE_OTHER when the phrase's root key of that rotation, or its slot, is not the one `log` committed to */
const revealRoot = (log: PartialLog, phrase: PhraseKeys): { root: P256PrivateKey; keys: EpochKeys } => {
  const rotation = log.epoch + 1
  const [root, keys] = [phrase.root(rotation), phrase.epoch(rotation)]
  const { next, after } = log.last.entry
  if (!equal(commitmentTo(root.publicKey, keys), next) || !equal(placeOfSlot(keys.slot), after))
    throw new KeyError('ERR_PHRASE_OTHER')
  return { root, keys }
}

/**
 * What a rotation continues when a log cannot be trusted: its first entry, and a bridge for each of its rotations. The thief of
 * root keys that were in use can sign updates, retirements and those same rotations again, fill a log to its last place,
 * and leave nothing to build on. The first entry is what the address says, and the phrase holds every root key. Bridges name no
 * device: if they named one that was ever in use, they would give its thief back what was taken from it.
 * @param log the log with the most rotations known
 * @throws KeyError ERR_PHRASE, ERR_PHRASE_OTHER
 */
export const recoveryBase = (log: KeyLog, phrase: string): PartialLog => {
  const keysOf = phraseKeys(phrase)
  let base = prefixOf(log, 0)
  while (base.epoch < log.epoch) {
    const { root, keys } = revealRoot(base, keysOf)
    base = bridgeLog(base, root, keys)
  }
  return base
}

/** An owner's own log is continued as it is while that leaves room for many more entries. */
const ENTRIES_TO_CONTINUE = LOG_ENTRIES_MAX / 2

/** What a rotation on the owner's own machine continues: all of its log, so that contacts see one chain. */
export const ownBase = (log: KeyLog, phrase: string): PartialLog =>
  log.entries.length <= ENTRIES_TO_CONTINUE && log.last.entry.status === 'active' ? log : recoveryBase(log, phrase)

/** Whether a log ends in a retirement that is a rotation: its owner's last word, or a rotation that a thief signed again. */
export const isFinal = (log: KeyLog): boolean =>
  log.last.entry.status === 'retired' && isRotationAt(log, log.last.entry.seq)

/**
 * Rotates the root key by the recovery phrase: new root key, new device keys, a new slot, and every former device void. The slots of all former
 * epochs are closed, since the phrase with their keys is here now; of a retired identity, which has no card, its own too.
 * @param base `ownBase` or `recoveryBase` of the furthest log known
 * @param now seconds since 1970
 * @param status 'retired' ends the identity
 * @throws KeyError ERR_PHRASE, ERR_PHRASE_OTHER; KeyLogError ERR_LOG_RETIRED, ERR_LOG_TOO_LONG after 63 rotations
 */
export const rotateIdentity = (
  base: PartialLog,
  phrase: string,
  now: number,
  random: RandomBytes,
  status: 'active' | 'retired' = 'active',
): Identity<P256PrivateKey> => {
  if (base.epoch === ROTATIONS_MAX) throw new KeyLogError('ERR_LOG_TOO_LONG')
  const keysOf = phraseKeys(phrase)
  const { root, keys } = revealRoot(base, keysOf)
  const device = generateDevice(random)
  const time = Math.max(now, base.last.entry.time)
  const log = rotateLog(base, root, keys, { devices: [publicDevice(device)], status, time })
  const over = Array.from({ length: status === 'retired' ? log.epoch + 1 : log.epoch }, (_, epoch) =>
    keysOf.slot(epoch),
  )
  const slotKey = status === 'retired' ? null : keysOf.slot(log.epoch)
  return { log, root, device: 0, ...device, slotKey, closings: closeSlots(log, over) }
}
