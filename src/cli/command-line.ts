import { describeFailure, EXIT, trace } from './output/failure.ts'
import { sanitize } from './output/sanitize.ts'
import { run } from './run.ts'
import { exposedBy } from './terminal/exposed-process.ts'
import { homeFolder } from './terminal/home.ts'
import { standardOutput } from './terminal/output.ts'

/** The command `handfast`, in a process of its own. */

/** Milliseconds after which a command that has ended does not wait for what it left open. */
const LINGER_MS = 1_000

// A mistake of ours should not show a stack to somebody who did not ask for it.
process.on('uncaughtException', (error) => {
  const lines = [`handfast: ${describeFailure(error)?.message}`, ...(process.env.HANDFAST_DEBUG ? trace(error) : [])]
  process.stderr.write(`${lines.map(sanitize).join('\n')}\n`, () => process.exit(EXIT.failed))
  // Whether or not anybody reads it.
  setTimeout(() => process.exit(EXIT.failed), LINGER_MS)
})

process.exitCode = await run(process.argv.slice(2), {
  platform: process.platform,
  home: homeFolder(),
  env: process.env,
  streams: { stdin: process.stdin, stdout: standardOutput(process.stdout), stderr: process.stderr },
  signals: process,
  exposedBy,
  exit: (code) => process.exit(code),
})
setTimeout(() => process.exit(), LINGER_MS).unref()
