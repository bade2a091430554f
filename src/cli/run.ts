import { readFileSync } from 'node:fs'
import { findPackageJSON } from 'node:module'
import type { GlobalOptions, Start } from './context.ts'
import { defaultFolder, type Surroundings } from './data-folder.ts'
import { goOnWithout } from './identity/without-database.ts'
import { describeFailure, EXIT } from './output/failure.ts'
import { createPrinter } from './output/printer.ts'
import { createProgram, refuseOption } from './program.ts'
import { refuseExposed } from './terminal/exposed-process.ts'
import { isOutputError } from './terminal/output.ts'
import { createPassphrases } from './terminal/passphrases.ts'
import { createProgress } from './terminal/progress.ts'
import { listenForStop, type Signals } from './terminal/shutdown.ts'
import { createTerminal, type Streams } from './terminal/terminal.ts'

/** All of the process that the command line touches; tests bring their own. */
export type System = Surroundings & {
  readonly streams: Streams
  readonly signals: Signals
  /** What shows the memory of the process to others; null when nothing does. */
  readonly exposedBy: () => string | null
  /** Ends the process at once. */
  readonly exit: (code: number) => void
}

/** Runs one command line (without `node` and the script) to its end. @returns the exit code */
export const run = async (argv: readonly string[], system: System): Promise<number> => {
  const json = argv.includes('--json')
  let exitWhenLate: number = EXIT.interrupted
  const shutdown = listenForStop(system.signals, (late) => {
    if (terminal.gone) system.exit(EXIT.failed)
    else system.exit(late ? exitWhenLate : EXIT.interrupted)
  })
  const { signal } = shutdown
  const screen = !json && system.env.TERM !== 'dumb'
  const terminal = createTerminal(system.streams, {
    screen,
    onInterrupt: shutdown.request,
    onGone: () => {
      if (!goesOn) shutdown.request()
    },
    ending: signal,
  })
  const printer = createPrinter(terminal, { json, debug: Boolean(system.env.HANDFAST_DEBUG) })
  let exitCode: number = EXIT.done
  let told = false
  let goesOn = false

  const fail = async (error: unknown): Promise<void> => {
    const failure = describeFailure(error)
    if (failure === null) return
    exitCode = failure.exitCode
    told = true
    terminal.status('')
    await printer.fail(failure, error)
  }

  const start: Start = async (work, interrupted = EXIT.interrupted) => {
    exitWhenLate = interrupted
    const options = program.opts<GlobalOptions>()
    const { folder, network, passphraseFile, clockIsRight = false, beacon, withoutDatabase } = options
    if (folder === '') refuseOption(usual.problem)
    const progress = createProgress(terminal.status)
    const passphrases = createPassphrases({ terminal, signal, env: system.env, file: passphraseFile })
    const { emit } = printer
    const goOn = (): void => {
      goesOn = true
    }
    try {
      // Before anything secret is read.
      refuseExposed(system.exposedBy())
      const context = { folder, network, clockIsRight, beacon, signal, terminal, passphrases, progress, emit, goOn }
      if (withoutDatabase === true) await goOnWithout(context)
      exitCode = await work(context)
    } catch (error) {
      // An output that fails aborts as well, and is the reason then.
      if (signal.aborted && !isOutputError(error)) exitCode = interrupted
      else await fail(error)
    }
  }

  const usual = defaultFolder(system)
  const program = createProgram({
    version: readVersion(),
    defaults: {
      folder: usual.folder,
      network: system.env.HANDFAST_NETWORK ?? '',
    },
    start,
    write: (text) => void terminal.raw(text),
  })
  try {
    await program.parseAsync([...argv], { from: 'user' })
  } catch (error) {
    await fail(error)
  }
  try {
    // Who is asked to end does not wait for somebody who reads nothing.
    await terminal.settled()
    if (terminal.gone || !signal.aborted) await terminal.written()
  } catch (error) {
    if (!told) await fail(error)
  }
  terminal.close()
  shutdown.release()
  return exitCode
}

const readVersion = (): string => {
  const path = findPackageJSON('..', import.meta.url)
  const manifest: unknown = path === undefined ? null : JSON.parse(readFileSync(path, 'utf8'))
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : 'unknown'
}
