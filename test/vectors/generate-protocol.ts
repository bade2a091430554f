import { cardVectors } from './card.ts'
import { fetchVectors } from './fetch.ts'
import { floorVectors } from './floor.ts'
import { forkProofVectors } from './fork-proof.ts'
import { handshakeVectors } from './handshake.ts'
import { keyLogVectors } from './key-log.ts'
import { keyLogBridges } from './key-log-bridges.ts'
import { keyLogOrder } from './key-log-order.ts'
import { keyLogRelations } from './key-log-relations.ts'
import { parcelVectors } from './parcel.ts'
import { placesVectors } from './places.ts'
import { protocolChecks } from './protocol-checks.ts'
import { rotationVectors } from './rotation.ts'
import { sessionVectors } from './session.ts'
import { slotVectors } from './slot.ts'
import { readVector, type Vector, type VectorMakers, type Vectors, writeFolder } from './vector-files.ts'

/** Vectors of key log, fork proof, card, floor, rotation, slot, handshake, session, parcel, fetch claim and places. */
const makersOf: { readonly [folder: string]: VectorMakers } = {
  'key-log': { ...keyLogVectors, ...keyLogRelations, ...keyLogOrder, ...keyLogBridges },
  'fork-proof': forkProofVectors,
  card: cardVectors,
  floor: floorVectors,
  rotation: rotationVectors,
  slot: slotVectors,
  handshake: handshakeVectors,
  session: sessionVectors,
  parcel: parcelVectors,
  fetch: fetchVectors,
  places: placesVectors,
}

export const folders: readonly string[] = Object.keys(makersOf)

/**
 * The vector on disk when it says the same as the one just made and still holds: ECDSA nonces and ML-KEM draw inside
 * OpenSSL, so that no two come out the same.
 */
const standing = (folder: string, name: string, made: Vector): Vector | undefined => {
  const vector = readVector(folder, name)
  if (vector?.description !== made.description || vector.error !== made.error) return undefined
  try {
    protocolChecks[folder]?.(vector as never)
    return vector
  } catch {
    return undefined
  }
}

/** Every folder with what must stand in it; `renew` takes nothing from the disk. */
export const protocolVectors = ({ renew }: { readonly renew: boolean }): { readonly [folder: string]: Vectors } => {
  const all: { [folder: string]: Vectors } = {}
  for (const [folder, makers] of Object.entries(makersOf)) {
    const made = Object.entries(makers).map(([name, make]) => [name, make()] as const)
    all[folder] = Object.fromEntries(
      made.map(([name, vector]) => [name, (renew ? undefined : standing(folder, name, vector)) ?? vector]),
    )
  }
  return all
}

export async function generate(): Promise<void> {
  const renew = process.argv.includes('--renew')
  for (const [folder, vectors] of Object.entries(protocolVectors({ renew }))) writeFolder(folder, vectors)
}
