import type { CliEvent, Emit } from './cli-events.ts'

type Told = {
  readonly emit: Emit
  readonly signal: AbortSignal
  readonly terminal: { readonly gone: boolean }
}

/**
 * Tells one thing after the other at the pace of whoever reads, who may be a pager that somebody left open: each is asked for only once the
 * one before is taken. A reader that has seen enough and leaves is served.
 * @throws the signal's reason when the command is interrupted
 */
export const emitEach = async ({ emit, signal, terminal }: Told, events: Iterable<CliEvent>): Promise<void> => {
  for (const event of events) {
    if (await emit(event)) continue
    if (terminal.gone) return
    signal.throwIfAborted()
  }
}
