import { beaconVectors } from './beacon.ts'
import { writeFolder } from './vector-files.ts'

/** Vectors of the beacon's datagrams. */

export const folders = ['beacon']

export async function generate(): Promise<void> {
  writeFolder('beacon', beaconVectors)
}
