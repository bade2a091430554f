import { volumesOf } from '../contacts/contact-volumes.ts'
import { hex } from '../core/bytes.ts'
import { DAY_MS } from '../core/clock.ts'
import type { MessageErrorCode } from '../core/errors/codes.ts'
import { MESSAGE_ROW_BYTES } from '../core/limits/message-limits.ts'
import { STRANGER_MESSAGES, STRANGERS_MESSAGES } from '../core/limits/stranger-rates.ts'
import { createMeter } from '../core/meter.ts'
import { createRecent } from '../core/recent.ts'
import { presentOf, type World } from '../core/world.ts'
import type { Store } from '../store/store.ts'

/** Why a message is not taken now. */
export type Refusal = {
  readonly code: Extract<
    MessageErrorCode,
    'ERR_MESSAGE_FULL' | 'ERR_MESSAGE_RATE' | 'ERR_MESSAGE_DAY' | 'ERR_MESSAGE_TOTAL'
  >
  /** milliseconds until it will be; null when that is for the owner to say */
  readonly wait: number | null
}

/** How much is taken from whom: from a contact so much a day and in all, from everybody else so much at a time. */
export type Allowance = {
  /** Why a message with a body of that many bytes is not taken now; null when it is. @param id of the message, where it is there */
  refusal(peer: Uint8Array, size: number, id?: Uint8Array): Refusal | null
  /** It was taken: that counts once, also when a full disk undoes it and it is taken again. */
  took(peer: Uint8Array, size: number, id: Uint8Array): void
  /** The same of one that is here, and is said again in another place: it costs work, and fills nothing. */
  refusalOfRepeat(peer: Uint8Array, size: number): Refusal | null
  tookRepeat(peer: Uint8Array, size: number): void
}

/** As many as all strangers can have taken at once. */
const COUNTED_MAX = STRANGERS_MESSAGES.count.burst

export type AllowanceParts = {
  readonly store: Pick<Store, 'volumes'>
  readonly world: World
  readonly isContact: (peer: Uint8Array) => boolean
}

export const createAllowance = ({ store, world, isContact }: AllowanceParts): Allowance => {
  const { volumes } = store
  const meter = createMeter({ each: STRANGER_MESSAGES, all: STRANGERS_MESSAGES })
  /** the latest that were counted, by peer and id: whoever asks of one again has not kept it */
  const counted = createRecent(COUNTED_MAX)
  const nameOf = (peer: Uint8Array, id: Uint8Array): string => hex(peer) + hex(id)

  const ofContact = (peer: Uint8Array, size: number): Refusal | null => {
    // By which time what is kept is counted.
    const now = presentOf(world)
    const { kept, keptMax, today, todayMax } = volumesOf(volumes, peer, now).messages
    const cost = size + MESSAGE_ROW_BYTES
    if (kept + cost > keptMax) return { code: 'ERR_MESSAGE_TOTAL', wait: null }
    if (today + cost > todayMax) return { code: 'ERR_MESSAGE_DAY', wait: DAY_MS - (now % DAY_MS) }
    return null
  }

  const ofStranger = (peer: Uint8Array, size: number): Refusal | null => {
    const wait = meter.wait(peer, size, world.clock())
    return wait === 0 ? null : { code: 'ERR_MESSAGE_RATE', wait }
  }

  return {
    refusal: (peer, size, id) => {
      if (isContact(peer)) return ofContact(peer, size)
      if (id !== undefined && counted.has(nameOf(peer, id))) return null
      return ofStranger(peer, size)
    },
    took: (peer, size, id) => {
      const name = nameOf(peer, id)
      if (isContact(peer) || counted.has(name)) return
      meter.take(peer, size, world.clock())
      counted.add(name)
    },
    refusalOfRepeat: (peer, size) => (isContact(peer) ? null : ofStranger(peer, size)),
    tookRepeat: (peer, size) => {
      if (!isContact(peer)) meter.take(peer, size, world.clock())
    },
  }
}
