import type { Line, Service } from '../connection/service.ts'
import { hex } from '../core/bytes.ts'
import { ConnectionError, PeerError, StreamError } from '../core/errors.ts'
import { isProgramName } from '../core/names.ts'
import type { ByteStream, StreamName } from './byte-stream.ts'
import { createServing } from './serving.ts'
import { createStrangerStreams } from './stranger-streams.ts'
import { createStreamLine, type StreamLine } from './stream-line.ts'

/** Byte streams by the name of what they speak, on the connections that there are (docs/spec/streams.md). */
export type Streams = {
  /** Give it to every connection that two peers talk on. */
  readonly service: Service
  /**
   * Opens a stream on the newest connection to a peer (identity hash, 32 bytes); resolves when the other side has accepted it.
   * @throws StreamError ERR_STREAM_PROTOCOL, ERR_STREAM_LIMIT, ERR_STREAM_NAME, ERR_STREAM_RESET; ConnectionError ERR_CONNECTION_CLOSED (also when
   *   there is no connection), ERR_CONNECTION_LOST; PeerError ERR_PEER_CLOSED; the signal's reason
   */
  open(peer: Uint8Array, name: StreamName, signal?: AbortSignal): Promise<ByteStream>
  /**
   * The streams that others open to that name, from this call on. Leaving the loop or aborting the signal ends it, as does the end of this peer;
   * streams that wait then are refused with ERR_STREAM_PROTOCOL, and those that were taken go on.
   * @throws StreamError ERR_STREAM_SERVED, ERR_STREAM_NAME
   */
  serve(name: StreamName, options?: { readonly signal?: AbortSignal | undefined }): AsyncIterable<ByteStream>
  /** Whether there is a connection to that peer. */
  isConnected(peer: Uint8Array): boolean
  /** Whether a stream to or from that peer is open, or not read to its end. */
  isBusy(peer: Uint8Array): boolean
}

export type StreamsParts = {
  /** Whether somebody is known here: others get fewer streams. */
  isContact(peer: Uint8Array): boolean
  /** milliseconds since 1970 */
  clock(): number
  /** aborted when this peer ends */
  readonly closing: AbortSignal
}

/** The connections to each peer, oldest first. */
const createLines = () => {
  const lines = new Map<string, readonly StreamLine[]>()
  const of = (peer: Uint8Array): readonly StreamLine[] => lines.get(hex(peer)) ?? []
  return {
    isBusy: (peer: Uint8Array): boolean => of(peer).some(({ isBusy }) => isBusy),
    newest: (peer: Uint8Array): StreamLine | undefined => of(peer).at(-1),
    add: (peer: Uint8Array, line: StreamLine): void => void lines.set(hex(peer), [...of(peer), line]),
    remove: (peer: Uint8Array, line: StreamLine): void => {
      const others = of(peer).filter((one) => one !== line)
      if (others.length > 0) lines.set(hex(peer), others)
      else lines.delete(hex(peer))
    },
  }
}

const checkName = ({ app, protocol }: StreamName): void => {
  for (const name of [app, protocol])
    if (!isProgramName(name)) throw new StreamError('ERR_STREAM_NAME', { hint: name.slice(0, 64) })
}

export const createStreams = ({ isContact, clock, closing }: StreamsParts): Streams => {
  const strangers = createStrangerStreams(clock)
  const lines = createLines()
  const serving = createServing()
  const until = (signal: AbortSignal | undefined): AbortSignal =>
    signal === undefined ? closing : AbortSignal.any([closing, signal])

  const attach = (line: Line) => {
    const { peer } = line
    const streamLine = createStreamLine(line, {
      isContact: () => isContact(peer),
      mayOpen: () => isContact(peer) || strangers.open(peer),
      read: (bytes) => (isContact(peer) ? 0 : strangers.read(peer, bytes)),
      offer: serving.offer,
    })
    lines.add(peer, streamLine)
    const { handle, detach } = streamLine.handler
    return {
      handle,
      detach: (failure: Error | null): void => {
        lines.remove(peer, streamLine)
        detach(failure)
      },
    }
  }

  return {
    service: { kinds: ['stream', 'stream-room', 'stream-data', 'stream-end', 'stream-reset'], attach },
    open: async (peer, name, signal) => {
      checkName(name)
      const line = lines.newest(peer)
      try {
        if (line === undefined) throw new ConnectionError('ERR_CONNECTION_CLOSED')
        return await line.open(name, until(signal))
      } catch (error) {
        throw closing.aborted ? new PeerError('ERR_PEER_CLOSED') : error
      }
    },
    serve: (name, { signal } = {}) => {
      checkName(name)
      return serving.serve(name, until(signal))
    },
    isConnected: (peer) => lines.newest(peer) !== undefined,
    isBusy: lines.isBusy,
  }
}
