/** Types of the parts of blind-relay 1.6.1 that Handfast uses; upstream ships none. CommonJS: only the default import is a value. */

declare module 'blind-relay' {
  import { EventEmitter } from 'node:events'
  import type { SecretStream } from 'hyperdht'
  import type { Stream } from 'udx-native'

  namespace BlindRelay {
    class Server {
      constructor(options: { createStream: (options: object) => Stream })
      /** Tokens in hex that one side named, and what waits for the other side. Unbounded: replace it. */
      _pairing: Map<string, unknown>
      accept(stream: SecretStream, options: { id: Uint8Array }): Session
      close(): Promise<void>
    }

    /** What one guest asks for. Its errors are those of the streams it had linked: unheard they end the process. */
    interface Session
      extends EventEmitter<{
        pair: [isInitiator: boolean, token: Uint8Array, stream: Stream, remoteId: number]
        error: [error: Error]
        close: []
      }> {
      /** Tokens in hex that it named and nobody came for yet. Unbounded: replace it. */
      _pairing: Set<string>
      destroy(error?: Error): void
    }

    /** What a guest does; HyperDHT has one for each stream that is relayed. */
    class Client {
      static from(stream: SecretStream, options: { id: Uint8Array }): Client
      pair(
        isInitiator: boolean,
        token: Uint8Array,
        stream: Stream,
      ): EventEmitter<{ error: [error: Error]; data: [remoteId: number] }>
    }
  }

  const BlindRelay: { Server: typeof BlindRelay.Server; Client: typeof BlindRelay.Client }
  export = BlindRelay
}
