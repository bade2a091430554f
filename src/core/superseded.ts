import { PeerError } from './errors.ts'
import type { KeyLog } from './key-log.ts'

/** The error of a machine whose identity went on elsewhere. */
export const supersededBy = (own: KeyLog, found: KeyLog): PeerError => {
  const rotated = `known there: ${found.epoch} rotations, here: ${own.epoch}; the keys of this folder are void: handfast recover gives it new ones`
  const updated = 'signed with the same root key; if not by you, somebody else has it: handfast rotate'
  return new PeerError('ERR_PEER_SUPERSEDED', { hint: found.epoch > own.epoch ? rotated : updated })
}
