/**
 * What the rooms that keep something for a peer tell whoever delivers it. It is made before all of them, so that nobody has to know
 * anybody who is made later.
 */
export type Signal = {
  /**
   * `queued`: something for the peer was written down; `taken`: the application took messages of theirs; `opened`, `ready`, `closed`: a
   * line to the peer has begun, can be sent on, has ended; `broken`: it has, since one side could not go on with it; `greeted`: it was said there what is here;
   * `near`: it answered on the local network
   */
  readonly type: 'queued' | 'taken' | 'opened' | 'greeted' | 'ready' | 'closed' | 'broken' | 'near'
  readonly peer: Uint8Array
}

export type Signals = {
  say(type: Signal['type'], peer: Uint8Array): void
  listen(listener: (signal: Signal) => void): void
}

export const createSignals = (): Signals => {
  const listeners: ((signal: Signal) => void)[] = []
  return {
    say: (type, peer) => {
      for (const listener of listeners) listener({ type, peer })
    },
    listen: (listener) => void listeners.push(listener),
  }
}
