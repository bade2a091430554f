import type { Remote } from '../connection/remote.ts'
import { decodeAddress } from '../core/address.ts'
import { STRANGER_COMINGS, STRANGERS_COMINGS, STRANGERS_TOLD_MS } from '../core/limits/stranger-rates.ts'
import { createMeter } from '../core/meter.ts'
import type { World } from '../core/world.ts'
import type { EmitEvent } from './peer-events.ts'

export type ComingsParts = {
  readonly world: World
  readonly isContact: (peer: Uint8Array) => boolean
  readonly emit: EmitEvent
}

/**
 * Those who are no contacts come and go as they like: that they do is told up to a rate, and beyond it how many did, once a minute.
 * @returns what tells events, each of those with the `remote` that it came with
 */
export const createComings = ({ world, isContact, emit }: ComingsParts): EmitEvent => {
  const meter = createMeter({ each: STRANGER_COMINGS, all: STRANGERS_COMINGS })
  /** whose coming was not told, and whose going is not either */
  const untold = new WeakSet<Remote>()
  let uncounted = 0

  const countOne = (): void => {
    uncounted += 1
    if (uncounted > 1) return
    const tell = (): void => {
      emit({ type: 'strangers', connections: uncounted })
      uncounted = 0
    }
    setTimeout(tell, STRANGERS_TOLD_MS).unref()
  }
  const isTold = ({ address, direction }: Remote): boolean => {
    const peer = decodeAddress(address)
    return direction === 'out' || isContact(peer) || meter.admit(peer, world.clock())
  }

  return (event) => {
    if ((event.type === 'disconnected' || event.type === 'way') && untold.has(event.remote)) return
    if (event.type === 'connected' && !isTold(event.remote)) {
      untold.add(event.remote)
      countOne()
    } else emit(event)
  }
}
