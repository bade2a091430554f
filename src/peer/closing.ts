import { PeerError } from '../core/errors.ts'
import type { Store } from '../store/store.ts'

type Stops = { stop(): void }
type Closes = { close(): Promise<void> }

/** The parts of a peer that have an end. */
export type ClosingParts = {
  readonly store: Store
  /** aborted when the peer closes, or has to stop */
  readonly closing: AbortController
  readonly bus: { close(): void }
  readonly announcer: Stops
  readonly maintenance: Stops
  readonly forgetting: Stops
  readonly blocking: Stops
  readonly delivery: Stops
  readonly contactSearch: Stops
  readonly nearby: { close(): void }
  readonly byMailbox: { readonly poller: Stops }
  readonly connections: Closes
  readonly files: { stop(): Promise<void> }
  readonly transport: Closes
  readonly release: () => Promise<void>
}

/** What ends a peer: once, in an order in which nothing is used any more that has ended. */
export const createClosing = (parts: ClosingParts): (() => Promise<void>) => {
  const { store, closing, bus, announcer, maintenance, forgetting, delivery, byMailbox, blocking } = parts
  const { connections, files, transport, release, contactSearch, nearby } = parts
  let ended: Promise<void> | undefined
  let closed: Promise<void> | undefined
  /** Nothing is said or fetched any more. What is on disk can be read until the peer closes. */
  const end = async (): Promise<void> => {
    contactSearch.stop()
    nearby.close()
    announcer.stop()
    maintenance.stop()
    forgetting.stop()
    blocking.stop()
    delivery.stop()
    byMailbox.poller.stop()
    await connections.close()
    await files.stop()
    await transport.close()
  }
  const endOnce = (): Promise<void> => {
    ended ??= end()
    return ended
  }
  closing.signal.addEventListener('abort', () => void endOnce().catch(() => {}), { once: true })
  const close = async (): Promise<void> => {
    closing.abort(new PeerError('ERR_PEER_CLOSED'))
    await endOnce()
    await release()
    bus.close()
    // What the application has taken is not to come again.
    await store.group.run(() => {}).catch(() => {})
    store.close()
  }
  return () => {
    closed ??= close()
    return closed
  }
}
