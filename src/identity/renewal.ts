import { DirectoryError, KeyLogError } from '../core/errors.ts'
import { adoptIdentity, type Identity, renewDevice } from '../core/identity.ts'
import { compareLogs, type KeyLog } from '../core/key-log.ts'
import { elsewhere, isHere, type RootSigner, rootSigner } from '../core/root-key.ts'
import { supersededBy } from '../core/superseded.ts'
import { seconds } from '../core/world.ts'
import { holdClock } from '../directory/client/heard-times.ts'
import type { Lookup } from '../directory/client/lookup.ts'
import { findLog, type Ground, type Keeping, type Rotation, saveAndPublish } from './rotation.ts'

/**
 * What the root key does without the recovery phrase: new keys for this device, by an update. In the same order as a rotation:
 * look what the directory knows, sign, save, and only then publish. A rotation overrules every fork, an update makes one: it is
 * signed only when nothing is known that the log here does not hold.
 */

const checkStanding = (own: KeyLog, { log, fork }: Lookup): void => {
  const relation = compareLogs(own, log)
  if (relation === 'supersedes') return
  if ((relation !== 'same' && relation !== 'longer') || fork !== null) throw supersededBy(own, log)
}

/**
 * Replaces the keys of this device. An update that was saved here and is not known yet is continued.
 * @param signer signs as the root key; needed when that is elsewhere
 * @throws KeyError ERR_ROOT_ELSEWHERE, ERR_ROOT_OTHER, ERR_SIGNER; KeyLogError ERR_LOG_RETIRED, ERR_LOG_TOO_LONG; PeerError
 *   ERR_PEER_SUPERSEDED when another log is known; DirectoryError ERR_LOOKUP_INCOMPLETE, ERR_CLOCK; what the signer throws: nothing is
 *   saved then. ERR_PUBLISH_REFUSED after saving.
 */
export const renewOwn = async (
  own: Identity,
  keeping: Keeping,
  signer: RootSigner | undefined,
  ground: Ground,
): Promise<Rotation> => {
  const { log, root } = own
  // Nobody is asked before it is clear that there is something to sign with, and something to sign.
  rootSigner(root, signer)
  const { status, time } = log.last.entry
  if (status === 'retired') throw new KeyLogError('ERR_LOG_RETIRED')
  const { found, said } = await findLog(log.id, ground, log)
  if (found !== null) checkStanding(log, found)
  holdClock(said, ground)
  const { world } = ground
  const renewed = await renewDevice(own, Math.max(seconds(world), time), world.random, signer)
  // The token may be found elsewhere than it was.
  const moved = !isHere(root) && signer?.token !== undefined ? elsewhere(signer) : root
  return saveAndPublish(keeping, { ...renewed, root: moved }, ground)
}

/**
 * Goes on with an identity on a machine that has nothing of it but a signer of its root key; all its former devices are void.
 * @param id the 32-byte identity hash
 * @throws as `renewOwn`; DirectoryError ERR_LOOKUP_NOT_FOUND; KeyLogError ERR_LOG_FORK
 */
export const adoptLost = async (
  id: Uint8Array,
  keeping: Keeping,
  signer: RootSigner,
  ground: Ground,
): Promise<Rotation> => {
  const { found, said } = await findLog(id, ground)
  if (found === null) throw new DirectoryError('ERR_LOOKUP_NOT_FOUND')
  if (found.fork !== null) throw new KeyLogError('ERR_LOG_FORK')
  holdClock(said, ground)
  const { world } = ground
  return saveAndPublish(keeping, await adoptIdentity(found.log, signer, seconds(world), world.random), ground)
}
