import { addressVectors } from './address.ts'
import { cborVectors } from './cbor.ts'
import { coseVectors } from './cose.ts'
import { fernetVectors } from './fernet.ts'
import { keyFormatVectors } from './key-format.ts'
import { phraseVectors } from './phrase.ts'
import { safetyNumberVectors } from './safety-number.ts'
import { type Vectors, writeFolder } from './vector-files.ts'

/** Vectors of the core's primitives. */

/** Files copied from elsewhere, by folder: README.md names their sources. */
export const COPIED: { readonly [folder: string]: readonly string[] } = {
  fernet: ['spec-generate.json', 'spec-invalid.json', 'spec-verify.json'],
  kem: ['wycheproof-strcmp.json'],
}

/** Every folder with what must stand in it; `renew` signs anew what is signed. */
export const primitiveVectors = ({ renew }: { readonly renew: boolean }): { readonly [folder: string]: Vectors } => ({
  address: addressVectors,
  cbor: cborVectors,
  cose: coseVectors({ renew }),
  fernet: fernetVectors,
  kem: {},
  'key-format': keyFormatVectors,
  phrase: phraseVectors,
  'safety-number': safetyNumberVectors,
})

export const folders: readonly string[] = [
  'address',
  'cbor',
  'cose',
  'fernet',
  'kem',
  'key-format',
  'phrase',
  'safety-number',
]

export async function generate(): Promise<void> {
  const renew = process.argv.includes('--renew')
  for (const [folder, vectors] of Object.entries(primitiveVectors({ renew })))
    writeFolder(folder, vectors, COPIED[folder])
}
