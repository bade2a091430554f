import type { CliEvent, EventName } from './cli-events.ts'
import { type Failure, trace } from './failure.ts'
import { sanitizeJson } from './sanitize.ts'
import { TROUBLE, wording } from './wording.ts'

/** Tells events and failures to people, or with --json to programs: one object a line, events on stdout, the failure on stderr. */
export type Printer = {
  emit(event: CliEvent): void
  /** @param error what is traced when `debug` was asked for */
  fail(failure: Failure, error: unknown): void
}

/** Where it is printed: `raw` as it stands; lines are sanitized. */
export type Screen = {
  /** of the screen that stdout is; default: no bound */
  readonly columns?: number
  raw(text: string): void
  out(lines: readonly string[]): void
  err(lines: readonly string[]): void
}

export const createPrinter = (terminal: Screen, { json, debug }: { json: boolean; debug: boolean }): Printer => {
  const emit = <N extends EventName>(event: CliEvent<N>): void => {
    if (json) terminal.raw(`${sanitizeJson(event)}\n`)
    else if (TROUBLE.has(event.event)) terminal.err(wording[event.event](event, terminal.columns))
    else terminal.out(wording[event.event](event, terminal.columns))
  }

  return {
    emit,
    fail: ({ code, message, hint }, error) => {
      if (json) terminal.err([sanitizeJson({ error: { code, message, hint } })])
      else terminal.err([`handfast: ${message}${code === null ? '' : ` [${code}]`}`, `hint: ${hint}`])
      if (debug) terminal.err(trace(error))
    },
  }
}
