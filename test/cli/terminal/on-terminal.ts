import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { bareSurroundings, commandLine } from '../../node-command.ts'

/** A terminal the system made. */

/** Runs a command line on a pseudo-terminal, and after it what tells the terminal's state. */
export const onTerminal = (t: TestContext, argv: readonly string[], columns = 80) => {
  const command = [process.execPath, ...commandLine(argv)].map((word) => `'${word}'`).join(' ')
  const all = `stty columns ${columns}; ${command}; echo "code $?"; stty -a`
  const child = spawn('script', ['-qec', all, '/dev/null'], {
    env: { ...bareSurroundings(argv), HANDFAST_NETWORK: '', TERM: 'xterm', SHELL: '/bin/sh' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  const ended = once(child, 'close')
  const silent = once(child.stdout, 'end')
  let text = ''
  let read = 0
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  const until = async (pattern: RegExp): Promise<RegExpExecArray> => {
    for (;;) {
      const found = pattern.exec(text.slice(read))
      if (found !== null) {
        read += found.index + found[0].length
        return found
      }
      if (child.stdout.readableEnded) throw new Error(`no ${pattern} in ${JSON.stringify(text)}`)
      await Promise.race([once(child.stdout, 'data'), silent])
    }
  }
  return {
    until,
    type: (keys: string) => void child.stdin.write(keys),
    end: async () => {
      await ended
      return text
    },
  }
}
