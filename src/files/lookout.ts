/** Whoever waits for something of files looks again whenever something has changed. */
export type Lookout = {
  /** Something has changed. */
  wake(): void
  /** What `look` finds, as soon as it does; null once the signal is aborted or the peer closes. @throws what `look` throws */
  until<T>(look: () => T | null, signal: AbortSignal | undefined): Promise<T | null>
}

/** @param closing aborted when the peer closes */
export const createLookout = (closing: AbortSignal): Lookout => {
  const waiting = new Set<() => void>()
  return {
    wake: () => {
      for (const again of [...waiting]) again()
    },
    until: (look, signal) =>
      new Promise((resolve, reject) => {
        const ends = signal === undefined ? [closing] : [closing, signal]
        const end = (): void => {
          waiting.delete(again)
          for (const one of ends) one.removeEventListener('abort', again)
        }
        const again = (): void => {
          try {
            const ended = ends.some(({ aborted }) => aborted)
            const found = ended ? null : look()
            if (found === null && !ended) return
            end()
            resolve(found)
          } catch (error) {
            end()
            reject(error)
          }
        }
        waiting.add(again)
        for (const one of ends) one.addEventListener('abort', again)
        again()
      }),
  }
}
