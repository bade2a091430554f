import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { createIdentity, type Identity } from '../../src/core/identity.ts'
import { secretKey } from '../../src/core/kdf.ts'
import { LABEL_STORE_IDENTITY } from '../../src/core/labels.ts'
import type { P256PrivateKey } from '../../src/core/p256.ts'
import { checkOf, openBytes, passphraseKey, sealBytes, toBase64 } from '../../src/store/sealing.ts'
import { NOW } from '../core/identities.ts'
import { seededRandom } from '../core/test-bytes.ts'

/** Data folders of one test. */

export const makeTemporary = async (t: TestContext): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'handfast-store-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

export const identityOf = (name: string): Identity<P256PrivateKey> =>
  createIdentity(NOW, seededRandom(`store/${name}`)).identity

/** Every file of a folder with its content. */
export const contentsOf = async (folder: string): Promise<ReadonlyMap<string, string>> => {
  const names = (await readdir(folder)).toSorted()
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), 'utf8')] as const)),
  )
}

/** What a passphrase costs in a test of something else. */
export const CHEAP = { memory: 8, passes: 1, parallelism: 1 } as const

/** Seals what lies under a key file under a passphrase that costs no time, as no command does. */
export const sealCheaply = async (folder: string, passphrase: string): Promise<void> => {
  const path = join(folder, 'identity.json')
  const stored = JSON.parse(await readFile(path, 'utf8'))
  const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'base64url'))
  const under = secretKey(bytes((await readFile(join(folder, 'identity.key'), 'utf8')).trim()))
  const sealed = { sealed: bytes(stored.sealed), check: bytes(stored.seal.check) }
  const plaintext = openBytes(under, LABEL_STORE_IDENTITY, sealed) ?? new Uint8Array(0)
  const kdf = { kdf: 'argon2id', ...CHEAP, salt: new Uint8Array(16).fill(7) } as const
  const key = await passphraseKey(passphrase, kdf)
  const check = toBase64(checkOf(key, LABEL_STORE_IDENTITY))
  const seal = { by: 'passphrase', ...kdf, salt: toBase64(kdf.salt), check }
  const resealed = toBase64(sealBytes(key, LABEL_STORE_IDENTITY, plaintext))
  await writeFile(path, `${JSON.stringify({ ...stored, seal, sealed: resealed }, null, 2)}\n`)
  await rm(join(folder, 'identity.key'))
}

export const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
  )
