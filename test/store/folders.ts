import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { createIdentity, type Identity } from '../../src/core/identity.ts'
import { NOW } from '../core/identities.ts'
import { seededRandom } from '../core/test-bytes.ts'

/** Data folders of one test, and processes that write into them. */

export const makeTemporary = async (t: TestContext): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'handfast-store-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

export const identityOf = (name: string): Identity => createIdentity(NOW, seededRandom(`store/${name}`)).identity

/** Every file of a folder with its content. */
export const contentsOf = async (folder: string): Promise<ReadonlyMap<string, string>> => {
  const names = (await readdir(folder)).toSorted()
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), 'utf8')] as const)),
  )
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
export const startChild = (t: TestContext, task: string, folder: string, mount: string | null = null): Child => {
  const node = [process.execPath, SCRIPT, task, folder]
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
