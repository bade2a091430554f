import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { TestContext } from 'node:test'
import { bareSurroundings, commandLine } from '../node-command.ts'

/** The command `handfast` in a process of its own, whose output is read when the test says so, and its memory. */

type Event = Readonly<Record<string, unknown>>

export type Paused = {
  readonly child: ChildProcess
  /** Reads until there is an event of that name, and then no further than what came with it. */
  until(name: string): Promise<Event>
  /** Reads until an event is what is looked for, or the output ends. @returns what came since the last time */
  read(isLast?: (event: Event) => boolean): Promise<readonly Event[]>
  /** Reads nothing any more, and never will; the exit code. */
  leave(): Promise<number>
  /** Sends a signal; the exit code, -1 when a signal killed it. */
  end(signal: NodeJS.Signals): Promise<number>
  /** MiB of memory that the process has now, or had at most */
  memory(what?: 'VmRSS' | 'VmHWM'): number
}

const parse = (line: string): Event => {
  try {
    return JSON.parse(line)
  } catch {
    // Whoever is killed leaves half a line.
    return { event: 'half a line' }
  }
}

export const startPaused = (t: TestContext, argv: readonly string[]): Paused => {
  const child = spawn(process.execPath, commandLine([...argv, '--json']), {
    env: bareSurroundings(argv),
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  const exited = once(child, 'exit').then(([code]) => (typeof code === 'number' ? code : -1))
  const { stdout } = child
  stdout.setEncoding('utf8')
  let wake = (): void => {}
  for (const name of ['readable', 'end']) stdout.on(name, () => wake())
  let rest = ''
  const events: Event[] = []
  /** @returns whether there was more */
  const readMore = async (): Promise<boolean> => {
    const text: string | null = stdout.read()
    if (text !== null) {
      const lines = `${rest}${text}`.split('\n')
      rest = lines.pop() ?? ''
      events.push(...lines.map(parse))
      return true
    }
    if (stdout.readableEnded) return false
    await new Promise<void>((resolve) => {
      wake = resolve
    })
    return true
  }
  const read: Paused['read'] = async (isLast = () => false) => {
    while (!events.some(isLast) && (await readMore()));
    return events.splice(0)
  }
  return {
    child,
    until: async (name) => {
      const found = (await read(({ event }) => event === name)).find(({ event }) => event === name)
      if (found === undefined) throw new Error(`${argv[0]} ended without ${name}`)
      return found
    },
    read,
    leave: () => {
      stdout.destroy()
      return exited
    },
    end: (signal) => {
      child.kill(signal)
      return exited
    },
    memory: (what = 'VmRSS') => {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
      return Number(new RegExp(`^${what}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) / 1024
    },
  }
}
