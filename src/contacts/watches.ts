import { equal, hex } from '../core/bytes.ts'
import type { HandfastError } from '../core/errors.ts'
import type { KeyLog } from '../core/key-log.ts'
import type { Device } from '../core/key-log-entry.ts'

/** Which identities are connected, by which of their devices, so that a connection ends when it must not go on. */
export type Watches = {
  /** Aborted when the connection under these keys must end, with the reason; `release` when it has ended by itself. */
  watch(log: KeyLog, device: Device): Watch
  /** Ends the connections of an identity, all or those of devices that are not `still` to go on. */
  end(id: Uint8Array, reason: HandfastError, still?: (device: Device) => boolean): void
  /** Identities that are connected. */
  connected(): readonly Uint8Array[]
}

export type Watch = { readonly signal: AbortSignal; release(): void }

type Watched = { readonly id: Uint8Array; readonly device: Device; readonly controller: AbortController }

export const createWatches = (): Watches => {
  const watched = new Set<Watched>()
  return {
    watch: ({ id }, device) => {
      const controller = new AbortController()
      const one = { id, device, controller }
      watched.add(one)
      return { signal: controller.signal, release: () => void watched.delete(one) }
    },
    end: (id, reason, still = () => false) => {
      for (const one of watched) if (equal(one.id, id) && !still(one.device)) one.controller.abort(reason)
    },
    connected: () => [...new Map([...watched].map(({ id }) => [hex(id), id])).values()],
  }
}
