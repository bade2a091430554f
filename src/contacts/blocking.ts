import { encodeAddress } from '../core/address.ts'
import { hex } from '../core/bytes.ts'
import { PeerError } from '../core/errors.ts'
import { BLOCK_LOOK_MS } from '../core/limits/connection-limits.ts'
import type { Store } from '../store/store.ts'
import type { ContactEvent } from './contact-events.ts'
import type { Watches } from './watches.ts'

/**
 * Sees whom the owner has blocked, or not any more, and what follows at once: what is connected ends, and what waits goes on. Another
 * program on the same folder may have been told so, which is why it looks again and again. Everything else asks the store.
 */
export type Blocking = {
  start(): void
  stop(): void
  /** Looks now. @throws StoreError */
  look(): void
}

export type BlockingParts = {
  readonly store: Pick<Store, 'blocked'>
  readonly watches: Pick<Watches, 'end'>
  /** Told that something may be sent to a peer again. */
  readonly queued: (peer: Uint8Array) => void
  readonly emit: (event: ContactEvent) => void
}

export const createBlocking = ({ store: { blocked }, watches, queued, emit }: BlockingParts): Blocking => {
  const read = () => new Map(blocked.all().map(({ id }) => [hex(id), id]))
  let known = read()
  let timer: NodeJS.Timeout | undefined

  const look = (): void => {
    const [before, now] = [known, read()]
    known = now
    for (const [key, id] of now) {
      if (before.has(key)) continue
      watches.end(id, new PeerError('ERR_PEER_REFUSED'))
      emit({ type: 'blocked', address: encodeAddress(id), ...blocked.waiting(id) })
    }
    for (const [key, id] of before) {
      if (now.has(key)) continue
      emit({ type: 'unblocked', address: encodeAddress(id), ...blocked.waiting(id) })
      queued(id)
    }
  }

  return {
    start: () => {
      const again = (): void => {
        // A disk that fails now is asked again, and tells whoever needs it.
        try {
          look()
        } catch {}
      }
      timer = setInterval(again, BLOCK_LOOK_MS).unref()
    },
    stop: () => clearInterval(timer),
    look,
  }
}
