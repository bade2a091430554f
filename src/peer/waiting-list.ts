import type { Trust } from '../connection/remote.ts'
import { decodeAddress } from '../core/address.ts'
import { STRANGER_FILES_MAX } from '../core/limits/file-limits.ts'
import { REQUESTS_MAX } from '../core/limits/request-limits.ts'
import type { FileOffer } from '../files/file-api.ts'

/** Strangers that wait to be let in, by address, in the order in which they came. */
export type WaitingList = {
  readonly size: number
  get(address: string): Waiting | undefined
  all(): readonly (readonly [address: string, Waiting])[]
  /** Adds one with the next number; of too many, the oldest that is not connected and left nothing gives way. */
  add(address: string, one: Pick<Waiting, 'since' | 'trust' | 'hasLeft'>): Waiting
  /** Keeps an offer, which is in memory only. @returns the oldest when there are too many */
  hold(one: Waiting, offer: FileOffer): FileOffer | undefined
  /** @returns what it offered */
  remove(address: string): readonly FileOffer[]
}

export type Waiting = {
  readonly id: number
  readonly peer: Uint8Array
  /** milliseconds since 1970 */
  readonly since: number
  trust: Trust
  /** whether a message of it came */
  hasLeft: boolean
  readonly offers: FileOffer[]
}

export const createWaitingList = (isConnected: (address: string) => boolean): WaitingList => {
  const waiting = new Map<string, Waiting>()
  let latest = 0

  const isIdle = ([address, { hasLeft, offers }]: readonly [string, Waiting]): boolean =>
    !hasLeft && offers.length === 0 && !isConnected(address)
  const makeRoom = (): void => {
    const [first] = waiting.keys()
    const oldest = [...waiting].find(isIdle)?.[0] ?? first
    if (oldest !== undefined) waiting.delete(oldest)
  }

  return {
    get size() {
      return waiting.size
    },
    get: (address) => waiting.get(address),
    all: () => [...waiting],
    add: (address, about) => {
      if (waiting.size >= REQUESTS_MAX) makeRoom()
      latest += 1
      const one: Waiting = { ...about, id: latest, peer: decodeAddress(address), offers: [] }
      waiting.set(address, one)
      return one
    },
    hold: ({ offers }, offer) => {
      offers.push(offer)
      return offers.length > STRANGER_FILES_MAX ? offers.shift() : undefined
    },
    remove: (address) => {
      const offers = waiting.get(address)?.offers ?? []
      waiting.delete(address)
      return offers
    },
  }
}
