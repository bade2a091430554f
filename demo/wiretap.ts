/**
 * A transport that remembers every frame Handfast sends and receives, and can be told to dial somebody else. It sits below
 * Handfast and above the transport's own encryption: what it sees and does is more than any attacker on the network can.
 */

import type { FrameStream } from '../src/network/frame-stream.ts'
import type { Transport } from '../src/network/transport.ts'

export type Overheard = { readonly outgoing: boolean; readonly frame: Uint8Array }

export type Wiretap = {
  readonly frames: readonly Overheard[]
  /** streams that others opened to this side */
  readonly incoming: number
  wrap(transport: Transport): Transport
  /** From now on every stream goes to the holder of `key` (32 B), and says that it goes where it should; null: no more. */
  divert(key: Uint8Array | null): void
  forget(): void
}

export const createWiretap = (): Wiretap => {
  const frames: Overheard[] = []
  let diversion: Uint8Array | null = null
  let incoming = 0

  async function* hear(received: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const frame of received) {
      frames.push({ outgoing: false, frame })
      yield frame
    }
  }
  const tap = (stream: FrameStream, remoteKey: Uint8Array): FrameStream => ({
    handshakeHash: stream.handshakeHash,
    remoteKey,
    remoteHost: stream.remoteHost,
    remotePort: stream.remotePort,
    way: stream.way,
    watchWay: stream.watchWay,
    send: (frame) => {
      frames.push({ outgoing: true, frame })
      return stream.send(frame)
    },
    receive: () => hear(stream.receive()),
    close: stream.close,
    destroy: stream.destroy,
  })
  async function* tapAll(streams: AsyncIterable<FrameStream>): AsyncGenerator<FrameStream, void, undefined> {
    for await (const stream of streams) {
      incoming += 1
      yield tap(stream, stream.remoteKey)
    }
  }

  return {
    frames,
    get incoming() {
      return incoming
    },
    wrap: (transport) => ({
      publicKey: transport.publicKey,
      connect: async (key, options) => tap(await transport.connect(diversion ?? key, options), key),
      listen: async (options) => tapAll(await transport.listen(options)),
      close: transport.close,
    }),
    divert: (key) => {
      diversion = key
    },
    forget: () => {
      frames.length = 0
    },
  }
}
