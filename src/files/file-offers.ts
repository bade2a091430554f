import type { FilePayload } from '../connection/payloads.ts'
import { equal, hex } from '../core/bytes.ts'
import type { Transfer } from '../core/chunk.ts'
import type { FileErrorCode } from '../core/errors/codes.ts'
import { FileError } from '../core/errors.ts'
import { createAnswers, type FileLine } from './file-line.ts'

/** Files that others offer and nobody has decided on yet. They are in memory only: their sender offers them again. */

/** A connection that files come on. */
export type OpenLine = {
  readonly peer: Uint8Array
  readonly line: FileLine
  readonly answer: (payload: FilePayload) => void
  closed: boolean
}

export const openLine = (peer: Uint8Array, line: FileLine): OpenLine => ({
  ...{ peer, line },
  answer: createAnswers(line),
  closed: false,
})

export type Offer = {
  readonly peer: Uint8Array
  readonly id: Uint8Array
  /** safe as the name of one file in one folder */
  readonly name: string
  readonly size: number
  readonly hash: Uint8Array
  transfer: Transfer
  /** the connection it was made on last */
  at: OpenLine | null
  /** whether the application has seen it, and what it said */
  handedOut: boolean
  decided: boolean
  withdrawn: FileErrorCode | null
}

export type Offers = {
  find(peer: Uint8Array, id: Uint8Array): Offer | null
  add(offer: Pick<Offer, 'peer' | 'id' | 'name' | 'size' | 'hash' | 'transfer' | 'at'>): void
  /** The first offer of `peer` or, null, of anybody that the application has not seen. */
  next(peer: Uint8Array | null): Offer | null
  /** There is one decision on each. @throws FileError ERR_FILE_REFUSED, ERR_FILE_WITHDRAWN */
  decide(offer: Offer): void
  /** Ids of those of that peer that the application holds. */
  held(peer: Uint8Array): readonly Uint8Array[]
  withdraw(peer: Uint8Array, id: Uint8Array, reason: FileErrorCode): void
  remove(offer: Offer): void
  /** That connection has ended: only what the application holds is waited for. */
  detach(at: OpenLine): void
  count(isOne: (peer: Uint8Array) => boolean): number
}

/** Both ends' names of a transfer, as one. */
export const keyOf = ({ peer, id }: { readonly peer: Uint8Array; readonly id: Uint8Array }): string =>
  `${hex(peer)}/${hex(id)}`

export const createOffers = (): Offers => {
  const offers = new Map<string, Offer>()
  return {
    find: (peer, id) => offers.get(keyOf({ peer, id })) ?? null,
    add: (offer) => void offers.set(keyOf(offer), { ...offer, handedOut: false, decided: false, withdrawn: null }),
    next: (peer) => {
      const isNext = (one: Offer): boolean => !one.handedOut && (peer === null || equal(one.peer, peer))
      const offer = [...offers.values()].find(isNext) ?? null
      if (offer !== null) offer.handedOut = true
      return offer
    },
    decide: (offer) => {
      if (offer.withdrawn !== null) throw new FileError(offer.withdrawn)
      if (offer.decided) throw new FileError('ERR_FILE_REFUSED', { hint: 'accepted or refused before' })
      offer.decided = true
    },
    held: (peer) => [...offers.values()].filter((one) => equal(one.peer, peer)).map(({ id }) => id),
    withdraw: (peer, id, reason) => {
      const offer = offers.get(keyOf({ peer, id }))
      if (offer === undefined) return
      offer.withdrawn = reason
      if (!offer.decided) offers.delete(keyOf(offer))
    },
    remove: (offer) => void offers.delete(keyOf(offer)),
    detach: (at) => {
      for (const [key, offer] of offers) {
        if (offer.at !== at) continue
        offer.at = null
        if (!offer.handedOut) offers.delete(key)
      }
    },
    count: (isOne) => [...offers.values()].filter(({ peer }) => isOne(peer)).length,
  }
}
