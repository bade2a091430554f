import type { CliEvent } from './output/events.ts'
import type { Passphrases } from './terminal/passphrases.ts'
import type { Progress } from './terminal/progress.ts'
import type { Terminal } from './terminal/terminal.ts'

/** What every command is given. */
export type Context = {
  /** data folder */
  readonly folder: string
  /** bootstrap list as it was written; '' when there is none */
  readonly bootstrap: string
  /** aborted when the command should end: by Ctrl-C, SIGTERM, or when nobody reads its output any more */
  readonly signal: AbortSignal
  readonly terminal: Terminal
  readonly passphrases: Passphrases
  readonly progress: Progress
  emit(event: CliEvent): void
}

/** Where offered files go, and whether they are taken at all. */
export type FileOptions = { readonly acceptFiles: boolean; readonly download: string | undefined }

/** Runs a command, which resolves with its exit code; `interrupted` is that code when it was stopped before its end. */
export type Start = (work: (context: Context) => Promise<number>, interrupted: number) => Promise<void>

export type GlobalOptions = {
  readonly folder: string
  readonly bootstrap: string
  readonly passphraseFile?: string
}
