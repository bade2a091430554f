import { EventEmitter, once } from 'node:events'
import { Readable, Writable } from 'node:stream'
import { run, type System } from '../../src/cli/run.ts'
import type { Streams } from '../../src/cli/terminal/terminal.ts'

/** Command lines run in this process, with streams, signals and surroundings of their own. */

export type Outcome = { readonly code: number; readonly stdout: string; readonly stderr: string }

export type CliOptions = {
  /** what is piped in; default nothing */
  readonly stdin?: Readable | string
  readonly env?: Readonly<Record<string, string>>
  readonly signals?: EventEmitter
  /** What shows the process to others; default nothing. */
  readonly exposedBy?: () => string | null
  /** instead of pipes */
  readonly streams?: Streams
}

/** A stream that keeps what is written to it. */
export class Sink extends Writable {
  text = ''
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString('utf8')
    this.emit('text')
    done()
  }
}

export type Running = {
  readonly stdout: Sink
  readonly stderr: Sink
  readonly done: Promise<Outcome>
  /** The next JSON line on stdout with this event. */
  event(name: string): Promise<Record<string, unknown>>
}

/** An identity is made for a network that somebody chose. */
const INIT_ENV = { HANDFAST_NETWORK: 'lan' }

export const beginCli = (argv: readonly string[], options: CliOptions = {}): Running => {
  const { stdin = '', signals = new EventEmitter() } = options
  const env = { ...(argv.includes('init') ? INIT_ENV : {}), ...options.env }
  const stdout = new Sink()
  const stderr = new Sink()
  const system: System = {
    platform: 'linux',
    home: '/nonexistent',
    env,
    streams: options.streams ?? {
      stdin: typeof stdin === 'string' ? Readable.from([Buffer.from(stdin)]) : stdin,
      stdout,
      stderr,
    },
    signals,
    exposedBy: options.exposedBy ?? (() => null),
    exit: (code) => {
      throw new Error(`exit ${code} at once`)
    },
  }
  let over = false
  const done = run(argv, system).then((code) => {
    over = true
    stdout.emit('text')
    return { code, stdout: stdout.text, stderr: stderr.text }
  })
  let read = 0
  const event = async (name: string): Promise<Record<string, unknown>> => {
    for (;;) {
      for (let end = stdout.text.indexOf('\n', read); end !== -1; end = stdout.text.indexOf('\n', read)) {
        const line = stdout.text.slice(read, end)
        read = end + 1
        if (line.startsWith(`{"event":"${name}",`)) return JSON.parse(line)
      }
      if (over) throw new Error(`no ${name}\n${stdout.text}\n${stderr.text}`)
      await once(stdout, 'text')
    }
  }
  return { stdout, stderr, done, event }
}

export const runCli = (argv: readonly string[], options?: CliOptions): Promise<Outcome> => beginCli(argv, options).done
