import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { within } from './namespaces.ts'

/** The real command `handfast`, as a process on a host of the laboratory. */

const MAIN = join(import.meta.dirname, '../../src/cli/main.ts')

/** What it prints with --json, a line each. */
export type Told = { readonly event: string } & Readonly<Record<string, unknown>>

export type Command = {
  readonly child: ChildProcess
  /** milliseconds, of performance.now(): when it was started */
  readonly began: number
  /** All that was told so far. */
  readonly told: readonly Told[]
  /** The first told one that fits, from number `after` on; null when the command ended, or `signal` was aborted, before that. */
  next(
    fits: (told: Told) => boolean,
    options?: { readonly after?: number; readonly signal?: AbortSignal },
  ): Promise<Told | null>
  type(line: string): void
  stderr(): string
  readonly ended: Promise<number | null>
  /** Sends a signal and waits for the end. */
  end(signal?: NodeJS.Signals): Promise<number | null>
}

const parse = (line: string): Told | null => {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && 'event' in value ? (value as Told) : null
  } catch {
    return null
  }
}

const running = new Set<ChildProcess>()

/** Ends all of them at once. */
export const endCommands = (): void => {
  for (const child of running) child.kill('SIGKILL')
}

export const startCommand = (host: string, argv: readonly string[]): Command => {
  const { PATH = '', NODE_COMPILE_CACHE = '', HANDFAST_DEBUG = '' } = process.env
  const env = { PATH, NODE_COMPILE_CACHE, HANDFAST_DEBUG, TZ: 'UTC', HOME: '/nonexistent' }
  const [tool, ...before] = within(host)
  const began = performance.now()
  const child = spawn(tool, [...before, process.execPath, '--disable-sigusr1', MAIN, '--json', ...argv], { env })
  running.add(child)
  child.stdin.on('error', () => {})
  const told: Told[] = []
  let changed = Promise.withResolvers<void>()
  const wake = (): void => {
    changed.resolve()
    changed = Promise.withResolvers()
  }
  let [rest, stderr, over] = ['', '', false]
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    told.push(...lines.map(parse).filter((one) => one !== null))
    wake()
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const ended = once(child, 'close').then(([code]: (number | null)[]) => {
    over = true
    running.delete(child)
    wake()
    return code ?? null
  })
  return {
    ...{ child, began, told, ended },
    next: async (fits, { after = 0, signal } = {}) => {
      signal?.addEventListener('abort', wake, { once: true })
      try {
        for (let index = after; ; index++) {
          while (index >= told.length) {
            if (over || signal?.aborted) return null
            await changed.promise
          }
          const one = told[index]
          if (one !== undefined && fits(one)) return one
        }
      } finally {
        signal?.removeEventListener('abort', wake)
      }
    },
    type: (line) => void child.stdin.write(`${line}\n`),
    stderr: () => stderr,
    end: (signal = 'SIGTERM') => {
      child.kill(signal)
      return ended
    },
  }
}

/** @throws Error with what the command said when it ended, or did not say `name` within a minute */
export const told = async (command: Command, name: string): Promise<Told> => {
  const found = await command.next(({ event }) => event === name, { signal: AbortSignal.timeout(60_000) })
  if (found === null) throw new Error(`${command.child.spawnargs.join(' ')} did not say ${name}: ${command.stderr()}`)
  return found
}
