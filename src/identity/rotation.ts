import { encodeAddress } from '../core/address.ts'
import { equal } from '../core/bytes.ts'
import { DirectoryError, HandfastError, KeyLogError, StoreError } from '../core/errors.ts'
import type { Identity } from '../core/identity.ts'
import type { KeyLog } from '../core/key-log.ts'
import { LOOKUP_MS } from '../core/limits/connection-limits.ts'
import type { P256PrivateKey } from '../core/p256.ts'
import { isFinal, ownBase, recoveryBase, rotateIdentity } from '../core/recovery.ts'
import { phraseKeys } from '../core/recovery-phrase.ts'
import { elsewhere, placeOf, type RootPlace, type RootSigner, rootSigner } from '../core/root-key.ts'
import { closedSlots } from '../core/slot.ts'
import { supersededBy } from '../core/superseded.ts'
import { seconds } from '../core/world.ts'
import type { Directory } from '../directory/client/directory.ts'
import { type ClockReading, createTimes, holdClock, type OwnClock } from '../directory/client/heard-times.ts'
import type { Lookup } from '../directory/client/lookup.ts'
import type { Publication } from '../directory/client/publish.ts'
import { mayMissNewer } from '../directory/client/verdict.ts'

/**
 * What the recovery phrase does, in the order that makes it safe: look what the directory knows, rotate, save, and only then
 * publish. What is saved is never forked by a second run: that continues it, or publishes it.
 */

/** Where an identity is kept; `save` resolves once it is on disk. */
export type Keeping = {
  /** null when there is none yet */
  readonly identity: Identity | null
  save(identity: Identity): Promise<void>
}

export type Ground = OwnClock & {
  readonly directory: Directory
  readonly signal?: AbortSignal | undefined
  /** Called once the new keys are on disk, before anything is published; `root` says where the root key is. */
  readonly onSaved?: ((log: KeyLog, root: RootPlace) => void) | undefined
  /** Reveal a root key also when the network may hide a newer log, in which it is in use already. */
  readonly evenDoubtful?: boolean | undefined
  /** Takes the new root key of a rotation elsewhere before anything is saved. Default: it is kept with the other keys. */
  readonly keepRoot?: ((root: P256PrivateKey) => Promise<RootSigner>) | undefined
}

export type Recovering = {
  /** Also when the log found ends in a retirement by rotation: its owner's last word, or a thief's copy of a rotation. */
  readonly evenRetired?: boolean | undefined
}

/** What a change of keys came to: the log with its new entry, and how well that was published. */
export type Rotation = {
  readonly address: string
  readonly log: KeyLog
  readonly publication: Publication
}

const within = (signal: AbortSignal | undefined): AbortSignal =>
  AbortSignal.any([AbortSignal.timeout(LOOKUP_MS), ...(signal === undefined ? [] : [signal])])

/** What the directory holds of an identity, null when it surely holds nothing; and what its nodes say of the time. */
export type Known = { readonly found: Lookup | null; readonly said: ClockReading }

/** @throws DirectoryError ERR_LOOKUP_INCOMPLETE */
export const findLog = async (
  id: Uint8Array,
  { directory, world, signal }: Ground,
  known: KeyLog | null = null,
): Promise<Known> => {
  const times = createTimes(world)
  // To rotate a log that went on elsewhere would fork it, and that cannot be undone.
  const options = { now: seconds(world), signal: within(signal), policy: 'thorough', known, times } as const
  const found = await directory.lookup(id, options).catch((error: unknown) => {
    signal?.throwIfAborted()
    if (error instanceof HandfastError && error.code === 'ERR_LOOKUP_NOT_FOUND') return null
    throw error
  })
  signal?.throwIfAborted()
  return { found, said: times.reading() }
}

/** `findLog` before the phrase reveals a root key: to reveal one that is in use forks the log. @throws DirectoryError ERR_LOOKUP_DOUBTFUL, _INCOMPLETE */
const findFurthest = async (id: Uint8Array, ground: Ground, known: KeyLog | null) => {
  const { found, said } = await findLog(id, ground, known)
  const hint = found === null || ground.evenDoubtful === true ? null : mayMissNewer(found.evidence)
  if (hint !== null) throw new DirectoryError('ERR_LOOKUP_DOUBTFUL', { hint })
  return { log: found?.log ?? null, said }
}

const publishLog = async ({ log, closings }: Identity, { directory, signal }: Ground): Promise<Rotation> => {
  const records = { log, closed: closedSlots(log, closings) }
  const publication = await directory.publish(records, { signal: within(signal) })
  return { address: encodeAddress(log.id), log, publication }
}

export const saveAndPublish = async (keeping: Keeping, identity: Identity, ground: Ground): Promise<Rotation> => {
  ground.signal?.throwIfAborted()
  await keeping.save(identity)
  ground.onSaved?.(identity.log, placeOf(identity.root))
  return publishLog(identity, ground)
}

/** The rotated identity, its root key where it is to be kept. @throws KeyError ERR_ROOT_OTHER; what `keepRoot` throws */
const placed = async (rotated: Identity<P256PrivateKey>, { keepRoot, signal }: Ground): Promise<Identity> => {
  if (keepRoot === undefined) return rotated
  signal?.throwIfAborted()
  const signer = await keepRoot(rotated.root)
  rootSigner(rotated.root, signer)
  return { ...rotated, root: elsewhere(signer) }
}

/** A folder is never made to hold another identity than it holds. @throws StoreError ERR_STORE_EXISTS */
export const checkSame = (own: KeyLog | null, id: Uint8Array): void => {
  if (own !== null && !equal(own.id, id))
    throw new StoreError('ERR_STORE_EXISTS', { hint: `another one: ${encodeAddress(own.id)}` })
}

/** Fails early, before anybody is asked, when the phrase is none of this log's. @throws KeyError ERR_PHRASE, ERR_PHRASE_OTHER */
export const checkPhrase = (own: KeyLog | null, phrase: string, { world }: Pick<Ground, 'world'>): void => {
  if (own === null) phraseKeys(phrase)
  else if (!isFinal(own)) rotateIdentity(ownBase(own, phrase), phrase, seconds(world), world.random)
}

/**
 * Rotates the identity of this machine, or retires it for good.
 * @throws KeyError ERR_PHRASE, ERR_PHRASE_OTHER; KeyLogError ERR_LOG_RETIRED; PeerError ERR_PEER_SUPERSEDED when it was rotated
 *   elsewhere; DirectoryError ERR_LOOKUP_INCOMPLETE, _DOUBTFUL, ERR_CLOCK: nothing is saved then. ERR_PUBLISH_REFUSED after saving.
 */
export const rotateOwn = async (
  own: Identity,
  keeping: Keeping,
  phrase: string,
  status: 'active' | 'retired',
  ground: Ground,
): Promise<Rotation> => {
  const { log } = own
  const { log: found, said } = await findFurthest(log.id, ground, log)
  if (found !== null && found.epoch > log.epoch) throw supersededBy(log, found)
  // A retirement that was saved and may not have been published.
  if (status === 'retired' && isFinal(log)) return publishLog(own, ground)
  if (isFinal(log)) throw new KeyLogError('ERR_LOG_RETIRED')
  holdClock(said, ground)
  const { world } = ground
  const rotated = rotateIdentity(ownBase(log, phrase), phrase, seconds(world), world.random, status)
  return saveAndPublish(keeping, await placed(rotated, ground), ground)
}

/**
 * Takes an identity over by its phrase and address alone.
 * @param id the 32-byte identity hash
 * @throws StoreError ERR_STORE_EXISTS when another identity is kept there; KeyError ERR_PHRASE, ERR_PHRASE_OTHER; KeyLogError
 *   ERR_LOG_RETIRED; DirectoryError ERR_LOOKUP_NOT_FOUND, _INCOMPLETE, _DOUBTFUL, ERR_CLOCK: nothing is saved then. ERR_PUBLISH_REFUSED after
 *   saving.
 */
export const recoverLost = async (
  id: Uint8Array,
  keeping: Keeping,
  phrase: string,
  ground: Ground,
  { evenRetired = false }: Recovering = {},
): Promise<Rotation> => {
  const own = keeping.identity?.log ?? null
  checkSame(own, id)
  const { log: found, said } = await findFurthest(id, ground, own)
  const furthest = furthestOf(own, found)
  if (isFinal(furthest) && !evenRetired) throw new KeyLogError('ERR_LOG_RETIRED')
  // A rotation that was saved here and is not known there yet is continued: to leave it out would fork it.
  const base = furthest === own ? ownBase(own, phrase) : recoveryBase(furthest, phrase)
  holdClock(said, ground)
  const { world } = ground
  const rotated = rotateIdentity(base, phrase, seconds(world), world.random)
  return saveAndPublish(keeping, await placed(rotated, ground), ground)
}

/** The log with the most rotations; of equally many the one found, for the own one may be a thief's or void. */
const furthestOf = (own: KeyLog | null, found: KeyLog | null): KeyLog => {
  if (found !== null && (own === null || own.epoch <= found.epoch)) return found
  if (own === null) throw new DirectoryError('ERR_LOOKUP_NOT_FOUND')
  return own
}
