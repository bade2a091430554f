import type HyperDHT from 'hyperdht'
import type { NodeAddress } from '../directory/network-port.ts'
import { sleep } from './sleep.ts'
import { askNodes, type WaysIn } from './ways-in.ts'

/** What a node that is alone does: it asks those it may enter by, again and again, until somebody answers. */
export type Seeking = {
  /** Begins, unless it is under way. */
  begin(): void
  end(): void
}

export type SeekingParts = {
  readonly dht: HyperDHT
  readonly entrances: WaysIn
  readonly isOwn: (node: NodeAddress) => boolean
  /** milliseconds between the first two rounds, and at most: doubled each time */
  readonly pause: number
  readonly pauseMax: number
  /** told once, of addresses that answered; it has ended then */
  readonly onFound: (live: readonly NodeAddress[]) => void
  readonly onError: (error: unknown) => void
}

/** The first round, the second, the fourth: there may be many of them, and they were seen long ago. */
const isRememberedRound = (round: number): boolean => (round & (round - 1)) === 0

export const createSeeking = (parts: SeekingParts): Seeking => {
  const { dht, entrances, isOwn, pause, pauseMax, onFound, onError } = parts
  let under: AbortController | null = null

  const found = (live: readonly NodeAddress[], signal: AbortSignal): boolean => {
    if (signal.aborted || live.length === 0) return false
    under?.abort()
    under = null
    onFound(live)
    return true
  }

  const askOn = async (signal: AbortSignal): Promise<void> => {
    for (let round = 1, wait = pause; !signal.aborted; round++, wait = Math.min(wait * 2, pauseMax)) {
      if (found(await askNodes(dht, entrances.list, isOwn), signal)) return
      const seen = isRememberedRound(round) ? (entrances.remembered?.() ?? []) : []
      if (found(await askNodes(dht, seen, isOwn), signal)) return
      await sleep(wait, signal)
    }
  }

  return {
    begin: () => {
      if (under !== null) return
      under = new AbortController()
      askOn(under.signal).catch(onError)
    },
    end: () => {
      under?.abort()
      under = null
    },
  }
}
