import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { createIdentity, type Identity } from '../../src/core/identity.ts'
import { secretKey } from '../../src/core/kdf.ts'
import { LABEL_STORE_IDENTITY } from '../../src/core/labels.ts'
import type { P256PrivateKey } from '../../src/core/p256.ts'
import { checkOf, openBytes, passphraseKey, sealBytes, toBase64 } from '../../src/store/sealing.ts'
import { NOW } from '../core/identities.ts'
import { seededRandom } from '../core/test-bytes.ts'

/** Data folders of one test, and processes that write into them. */

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

/** Seals what lies under a key file under a passphrase that costs no time, as no command does. */
export const sealCheaply = async (folder: string, passphrase: string): Promise<void> => {
  const path = join(folder, 'identity.json')
  const stored = JSON.parse(await readFile(path, 'utf8'))
  const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'base64url'))
  const under = secretKey(bytes((await readFile(join(folder, 'identity.key'), 'utf8')).trim()))
  const sealed = { sealed: bytes(stored.sealed), check: bytes(stored.seal.check) }
  const plaintext = openBytes(under, LABEL_STORE_IDENTITY, sealed) ?? new Uint8Array(0)
  const kdf = { kdf: 'argon2id', memory: 8, passes: 1, parallelism: 1, salt: new Uint8Array(16).fill(7) } as const
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

export type Child = {
  readonly next: () => Promise<string>
  readonly rest: () => Promise<string[]>
  readonly go: () => void
  /** SIGKILL; resolves when it is dead. */
  readonly kill: () => Promise<void>
}

const SCRIPT = join(import.meta.dirname, 'writer-child.ts')

/** Starts `writer-child.ts`; with `mount`, on a file system of its own where that command ran first. */
export const startChild = (
  t: TestContext,
  task: string,
  folder: string,
  { mount = null, args: more = [] }: { readonly mount?: string | null; readonly args?: readonly string[] } = {},
): Child => {
  const node = [process.execPath, SCRIPT, task, folder, ...more]
  const command = mount === null ? node : ['unshare', '-Urm', 'sh', '-c', `${mount} && exec "$@"`, 'sh', ...node]
  const [file = '', ...args] = command
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const exited = once(child, 'exit')
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await exited
  }
  t.after(kill)
  return {
    next: async () => String((await lines.next()).value),
    rest: async () => Array.fromAsync({ [Symbol.asyncIterator]: () => lines }),
    go: () => void child.stdin.write('go\n'),
    kill,
  }
}

/** Whether this system lets a user mount a file system of his own. */
export const canMount = spawnSync('unshare', ['-Urm', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0
