/** Ctrl-C, SIGTERM and a closed output: the first asks to stop, the second does not ask. */

/** Milliseconds a command has to say goodbye: it ends within three seconds. */
const GOODBYE_MS = 2_500

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** The parts of `process` that are needed; tests bring their own. */
export type Signals = {
  on(signal: NodeJS.Signals, listener: () => void): unknown
  off(signal: NodeJS.Signals, listener: () => void): unknown
}

export type Shutdown = {
  /** aborted when the command should come to its end */
  readonly signal: AbortSignal
  /** what a signal does, for keys and outputs that mean the same */
  request(): void
  release(): void
}

/**
 * @param now ends the process at once; `late` when the time for goodbyes has run out, not because somebody insisted
 */
export const listenForStop = (signals: Signals, now: (late: boolean) => void): Shutdown => {
  const controller = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const request = (): void => {
    if (controller.signal.aborted) {
      now(false)
      return
    }
    timer = setTimeout(() => now(true), GOODBYE_MS).unref()
    controller.abort()
  }
  for (const signal of SIGNALS) signals.on(signal, request)
  return {
    signal: controller.signal,
    request,
    release: () => {
      clearTimeout(timer)
      for (const signal of SIGNALS) signals.off(signal, request)
    },
  }
}
