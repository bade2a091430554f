import { encodeAddress } from '../core/address.ts'
import type { World } from '../core/world.ts'
import type { Refusal } from './allowance.ts'
import { createHourly } from './hourly.ts'
import type { MessageEvent } from './message-events.ts'

/** @returns what tells that messages of a peer are not taken now: not each time, for what waits is refused again and again */
export const createLimitNews = (
  world: World,
  emit: (event: MessageEvent) => void,
): ((peer: Uint8Array, why: Refusal) => void) => {
  const isNews = createHourly(world)
  return (peer, { code, wait }) => {
    const address = encodeAddress(peer)
    // What an application has not taken it knows itself. Strangers are many: one of them stands for all.
    if (code === 'ERR_MESSAGE_FULL' || !isNews(code === 'ERR_MESSAGE_RATE' ? code : `${code} ${address}`)) return
    emit({ type: 'limited', address, code, wait: wait === null ? null : Math.ceil(wait / 1000) })
  }
}
