import { encodeAddress } from '../core/address.ts'
import { hex } from '../core/bytes.ts'
import { CONTACT_REFUSALS, CONTACTS_REFUSALS } from '../core/limits/contact-rates.ts'
import { createMeter } from '../core/meter.ts'
import type { World } from '../core/world.ts'
import type { FileEvent } from './file-events.ts'

/**
 * How often a contact is told no: whoever goes on offering what is refused each time is refused without its owner being asked or told of each,
 * until some time has passed. Those who are no contacts offer at a rate.
 */
export type Refusals = {
  /** Whether an offer of that peer is for the owner to decide. */
  isOpen(peer: Uint8Array): boolean
  /** The owner refused one. */
  refused(peer: Uint8Array): void
}

export type RefusalsParts = {
  readonly world: Pick<World, 'clock'>
  readonly isContact: (peer: Uint8Array) => boolean
  readonly emit: (event: FileEvent) => void
}

export const createRefusals = ({ world, isContact, emit }: RefusalsParts): Refusals => {
  const meter = createMeter({ each: CONTACT_REFUSALS, all: CONTACTS_REFUSALS })
  /** those of whom it was told that they have to wait */
  const told = new Set<string>()
  return {
    isOpen: (peer) => {
      if (!isContact(peer)) return true
      const key = hex(peer)
      const wait = meter.wait(peer, 0, world.clock())
      if (wait === 0) {
        told.delete(key)
        return true
      }
      if (told.has(key)) return false
      told.add(key)
      // Apart from what is said on the connection: what a listener throws is not its failure.
      const event = {
        type: 'limited',
        address: encodeAddress(peer),
        code: 'ERR_FILE_LIMIT',
        wait: Math.ceil(wait / 1000),
      } as const
      queueMicrotask(() => emit(event))
      return false
    },
    refused: (peer) => {
      if (isContact(peer)) meter.take(peer, 0, world.clock())
    },
  }
}
