import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { QUICKLY } from '../node-command.ts'

/** Processes that write into data folders. */

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
  const node = [process.execPath, ...QUICKLY, SCRIPT, task, folder, ...more]
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
