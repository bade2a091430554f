import type { CliEvent, Emit, EventName } from './cli-events.ts'
import { type Failure, trace } from './failure.ts'
import { sanitizeJson } from './sanitize.ts'
import { TROUBLE, wording } from './wording.ts'

/** Tells events and failures to people, or with --json to programs: one object a line, events on stdout, the failure on stderr. */
export type Printer = {
  readonly emit: Emit
  /** @param error what is traced when `debug` was asked for */
  fail(failure: Failure, error: unknown): Promise<void>
}

/** Where it is printed: `raw` as it stands; lines are sanitized. Each resolves with whether that was taken. */
export type Screen = {
  /** of the screen that stdout is; default: no bound */
  readonly columns?: number
  raw(text: string): Promise<boolean>
  out(lines: readonly string[]): Promise<boolean>
  err(lines: readonly string[]): Promise<boolean>
}

export const createPrinter = (terminal: Screen, { json, debug }: { json: boolean; debug: boolean }): Printer => {
  const emit = <N extends EventName>(event: CliEvent<N>): Promise<boolean> => {
    if (json) return terminal.raw(`${sanitizeJson(event)}\n`)
    const lines = wording[event.event](event, terminal.columns)
    return TROUBLE.has(event.event) ? terminal.err(lines) : terminal.out(lines)
  }

  return {
    emit,
    fail: async ({ code, message, hint }, error) => {
      if (json) await terminal.err([sanitizeJson({ error: { code, message, hint } })])
      else await terminal.err([`handfast: ${message}${code === null ? '' : ` [${code}]`}`, `hint: ${hint}`])
      if (debug) await terminal.err(trace(error))
    },
  }
}
