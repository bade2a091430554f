import { createQueue } from '../../src/connection/queue.ts'
import type { Line } from '../../src/mailbox/line.ts'

/** Two ends of a line in memory. */

export type LineEnd = Line & {
  /** A goodbye: the other end hears what came before it. */
  close(): void
}

export const createLines = (): readonly [LineEnd, LineEnd] => {
  const inboxes = [createQueue<Uint8Array>(), createQueue<Uint8Array>()] as const
  const end = (own: 0 | 1): LineEnd => {
    const [incoming, outgoing] = own === 0 ? inboxes : [inboxes[1], inboxes[0]]
    return {
      send: async (message, { signal }) => {
        signal.throwIfAborted()
        outgoing.put(Uint8Array.from(message))
      },
      receive: ({ signal }) => incoming.take(signal),
      close: () => outgoing.end(),
    }
  }
  return [end(0), end(1)]
}
