import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { basename } from 'node:path'
import type { TestContext } from 'node:test'
import { sanitize } from '../../src/cli/output/sanitize.ts'
import { bareSurroundings, commandLine, QUICKLY } from '../node-command.ts'

/** The command `handfast`, or another script, in a process of its own. */

export type Child = {
  readonly child: ChildProcess
  /** The next line on stdout that matches, from where the last one ended. */
  line(pattern: RegExp): Promise<RegExpExecArray>
  /** The next object on stdout with this event. */
  event(name: string): Promise<Record<string, unknown>>
  type(line: string): void
  stderr(): string
  /** Sends a signal, or only waits; the exit code, -1 when a signal killed it. */
  exit(signal?: NodeJS.Signals): Promise<number>
}

type Environment = Readonly<Record<string, string>>

/** Who runs a command, when it is not who runs the test. */
type User = { readonly uid?: number; readonly gid?: number }

export const startCli = (t: TestContext, argv: readonly string[], env: Environment = {}, user: User = {}): Child =>
  start(t, `handfast ${argv[0]}`, commandLine(argv), { ...bareSurroundings(argv), ...env }, user)

/** @param script its whole path */
export const startScript = (
  t: TestContext,
  script: string,
  argv: readonly string[],
  env: Environment = {},
  user: User = {},
): Child =>
  start(t, `${basename(script)} ${argv[0]}`, [...QUICKLY, script, ...argv], { ...bareSurroundings(), ...env }, user)

/** @param args what follows `node` */
const start = (t: TestContext, name: string, args: readonly string[], env: Environment, user: User): Child => {
  const child = spawn(process.execPath, args, { env, stdio: 'pipe', ...user })
  t.after(() => child.kill('SIGKILL'))
  child.stdin.on('error', () => {})
  let [out, err, read] = ['', '', 0]
  let over = false
  const ended = once(child, 'close').then(([code]) => {
    over = true
    return typeof code === 'number' ? code : -1
  })
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })

  const line = async (pattern: RegExp): Promise<RegExpExecArray> => {
    for (;;) {
      for (let end = out.indexOf('\n', read); end !== -1; end = out.indexOf('\n', read)) {
        const found = pattern.exec(out.slice(read, end))
        read = end + 1
        if (found !== null) return found
      }
      if (over) throw new Error(`${name} ended without ${pattern}\n${sanitize(out)}\n${sanitize(err)}`)
      await Promise.race([once(child.stdout, 'data'), ended])
    }
  }

  return {
    child,
    line,
    event: async (name) => {
      const [found] = await line(new RegExp(`^\\{"event":"${name}",.*\\}$`))
      return JSON.parse(found)
    },
    type: (text) => void child.stdin.write(`${text}\n`),
    stderr: () => err,
    exit: (signal) => {
      if (signal !== undefined) child.kill(signal)
      return ended
    },
  }
}

/** The next message that a listening one with --json tells; who asks to be let in before that is let in. */
export const heard = async (listen: Child): Promise<Record<string, unknown>> => {
  for (;;) {
    const [line] = await listen.line(/^\{"event":"(?:request|message)",.*\}$/)
    const told = JSON.parse(line)
    if (told.event === 'message') return told
    listen.type(`/accept ${told.id}`)
  }
}
