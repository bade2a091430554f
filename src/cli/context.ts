import type { Command } from 'commander'
import type { Emit } from './output/cli-events.ts'
import type { Passphrases } from './terminal/passphrases.ts'
import type { Progress } from './terminal/progress.ts'
import type { Terminal } from './terminal/terminal.ts'

/** What every command is given. */
export type Context = {
  /** data folder */
  readonly folder: string
  /** the network as it was written; '' when nobody said one */
  readonly network: string
  /** the user's word that this computer's clock is right, whatever others say */
  readonly clockIsRight: boolean
  /** whether the local network is asked for whom this command looks for, and answered */
  readonly beacon: boolean
  /** aborted when the command should end: by Ctrl-C, SIGTERM, or when nobody reads its output any more */
  readonly signal: AbortSignal
  readonly terminal: Terminal
  readonly passphrases: Passphrases
  readonly progress: Progress
  readonly emit: Emit
  /** From now on an output that fails does not abort `signal`: what was begun is to come to its end. */
  goOn(): void
}

/**
 * Runs a command, which resolves with its exit code; `interrupted` is that code when it was stopped before its end.
 * Default: 130, as for whatever did not come to its result.
 */
export type Start = (work: (context: Context) => Promise<number>, interrupted?: number) => Promise<void>

/**
 * A file of commands/: puts one command into the program, with its arguments, options and help, and what it does, which `start` runs. What
 * is heavy is imported only there: nobody who reads --help waits for a network or a database.
 */
export type CommandFile = (program: Command, start: Start) => void

export type GlobalOptions = {
  readonly folder: string
  readonly network: string
  readonly passphraseFile?: string
  readonly clockIsRight?: boolean
  readonly beacon: boolean
  readonly withoutDatabase?: boolean
}
