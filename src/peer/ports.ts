import type { RandomBytes } from '../core/bytes.ts'

/** What a peer needs of the world. `open.ts` puts the real parts together; tests and the demo may put others. */

/** An encrypted stream of frames to one other transport key. */
export type FrameStream = {
  /** hash of the transport's handshake, the same on both sides: the channel binding */
  readonly handshakeHash: Uint8Array
  /** the other side's transport key, 32 bytes */
  readonly remoteKey: Uint8Array
  /** the IP address the stream came about with; '' when it is not known */
  readonly remoteHost: string
  send(frame: Uint8Array): Promise<void>
  receive(): AsyncIterableIterator<Uint8Array>
  close(): Promise<void>
  destroy(): void
}

export type Transport = {
  readonly publicKey: Uint8Array
  /** @param options.anonymous the other side is to see a key made for this one stream */
  connect(
    remoteKey: Uint8Array,
    options?: { readonly signal?: AbortSignal | undefined; readonly anonymous?: boolean | undefined },
  ): Promise<FrameStream>
  listen(): Promise<AsyncIterableIterator<FrameStream>>
  close(): Promise<void>
}

/** Clock and randomness. */
export type World = {
  /** milliseconds since 1970 */
  readonly clock: () => number
  readonly random: RandomBytes
}

export const seconds = ({ clock }: World): number => Math.floor(clock() / 1000)
