import { equal } from '../core/bytes.ts'
import type { Transfer } from '../core/chunk.ts'
import type { FileErrorCode } from '../core/errors/codes.ts'
import { FileError } from '../core/errors.ts'
import { FILES_AT_ONCE, STRANGERS_FILES_MAX } from '../core/limits/file-limits.ts'
import { type FileLine, keyOf } from './file-line.ts'

/**
 * Files that others offer and nobody has decided on yet. They are in memory only: their sender offers them again.
 *
 *     fresh --take--> held --decide--> decided        fresh, resting --decide--> decided
 *     fresh --part--> resting --renew--> fresh
 */

type OfferState =
  /** on a connection; the application may take it from a loop */
  | 'fresh'
  /** taken from a loop: it is waited for, also when its sender has left */
  | 'held'
  /** its sender left before anybody took it; remembered so that it is told of once */
  | 'resting'
  /** accepted or refused: the decision is on its way to the disk */
  | 'decided'

type OfferEvent =
  /** A loop gives it to the application. */
  | 'take'
  /** The connection it was made on has ended. */
  | 'part'
  /** Its sender makes it again. */
  | 'renew'
  | 'decide'

const NEXT: Readonly<Record<OfferState, Partial<Record<OfferEvent, OfferState>>>> = {
  fresh: { take: 'held', part: 'resting', decide: 'decided' },
  held: { decide: 'decided' },
  resting: { renew: 'fresh', decide: 'decided' },
  decided: {},
}

export type Offer = {
  readonly peer: Uint8Array
  /** the device that made it first, 16 bytes: what the file is is settled by that */
  readonly device: Uint8Array
  readonly id: Uint8Array
  /** safe as the name of one file in one folder */
  readonly name: string
  readonly size: number
  readonly hash: Uint8Array
  /** when it was made first, milliseconds since 1970 */
  readonly made: number
  /** with the secret, which is only kept while it can be sent */
  transfer: Transfer | null
  /** the connection it was made on last, while there is that one */
  at: FileLine | null
  state: OfferState
  /** why it is no more */
  withdrawn: FileErrorCode | null
}

/** @returns whether that happened */
const move = (offer: Offer, event: OfferEvent): boolean => {
  const next = NEXT[offer.state][event]
  if (next !== undefined) offer.state = next
  return next !== undefined
}

/** There is one decision on each. @throws FileError ERR_FILE_REFUSED, or why it is no more */
export const checkUndecided = ({ state, withdrawn }: Offer): void => {
  if (withdrawn !== null) throw new FileError(withdrawn)
  if (state === 'decided') throw new FileError('ERR_FILE_REFUSED', { hint: 'accepted or refused before' })
}

/** @throws FileError as `checkUndecided` */
export const decide = (offer: Offer): void => {
  checkUndecided(offer)
  move(offer, 'decide')
}

export type Offers = {
  find(peer: Uint8Array, id: Uint8Array): Offer | null
  add(offer: Omit<Offer, 'state' | 'withdrawn'>): Offer
  /** Its sender has made it again, on that connection. */
  renew(offer: Offer, at: FileLine, transfer: Transfer): void
  /** Takes the first fresh one of `peer` or, null, of anybody. */
  take(peer: Uint8Array | null): Offer | null
  /** Ids of those of that peer that it is asked about: whether it makes them still. */
  awaited(peer: Uint8Array): readonly Uint8Array[]
  withdraw(peer: Uint8Array, id: Uint8Array, reason: FileErrorCode): void
  /** It makes room for others: its sender is told why. */
  giveUp(offer: Offer, reason: FileErrorCode): void
  remove(offer: Offer): void
  /** That connection has ended. */
  detach(at: FileLine): void
  /** How many there are of such peers, but for resting ones. */
  count(isOne: (peer: Uint8Array) => boolean): number
  /** Those of such peers that nobody has decided on, but for resting ones, oldest first. */
  undecided(isOne: (peer: Uint8Array) => boolean): readonly Offer[]
}

/** @param isContact whoever is none shares the room for resting offers with all others who are none */
export const createOffers = (isContact: (peer: Uint8Array) => boolean): Offers => {
  /** resting ones in the order in which they began to rest */
  const offers = new Map<string, Offer>()
  const all = (isOne: (offer: Offer) => boolean): readonly Offer[] => [...offers.values()].filter(isOne)
  const isAwaited = ({ state }: Offer): boolean => state !== 'resting'

  const withdraw = (offer: Offer, reason: FileErrorCode): void => {
    offer.withdrawn = reason
    offer.transfer = null
    if (offer.state !== 'decided') offers.delete(keyOf(offer))
  }
  const forgetBut = (latest: number, resting: readonly Offer[]): void => {
    for (const offer of resting.slice(0, -latest)) withdraw(offer, 'ERR_FILE_LIMIT')
  }

  return {
    find: (peer, id) => offers.get(keyOf({ peer, id })) ?? null,
    add: (said) => {
      const offer: Offer = { ...said, state: 'fresh', withdrawn: null }
      offers.set(keyOf(offer), offer)
      return offer
    },
    renew: (offer, at, transfer) => {
      Object.assign(offer, { at, transfer })
      move(offer, 'renew')
    },
    take: (peer) => {
      const [offer = null] = all(({ state, peer: whose }) => state === 'fresh' && (peer === null || equal(whose, peer)))
      if (offer !== null) move(offer, 'take')
      return offer
    },
    awaited: (peer) => all((offer) => isAwaited(offer) && equal(offer.peer, peer)).map(({ id }) => id),
    withdraw: (peer, id, reason) => {
      const offer = offers.get(keyOf({ peer, id }))
      if (offer !== undefined) withdraw(offer, reason)
    },
    giveUp: (offer, reason) => {
      offer.at?.answer({ k: 'file-refuse', id: offer.id, code: reason })
      withdraw(offer, reason)
    },
    remove: (offer) => void offers.delete(keyOf(offer)),
    detach: (at) => {
      for (const offer of all((one) => one.at === at)) {
        offer.at = null
        offer.transfer = null
        if (!move(offer, 'part')) continue
        offers.delete(keyOf(offer))
        offers.set(keyOf(offer), offer)
      }
      const isResting = ({ state }: Offer): boolean => state === 'resting'
      forgetBut(
        FILES_AT_ONCE,
        all((offer) => isResting(offer) && equal(offer.peer, at.peer)),
      )
      forgetBut(
        STRANGERS_FILES_MAX,
        all((offer) => isResting(offer) && !isContact(offer.peer)),
      )
    },
    count: (isOne) => all((offer) => isAwaited(offer) && isOne(offer.peer)).length,
    undecided: (isOne) =>
      all((offer) => isAwaited(offer) && offer.state !== 'decided' && isOne(offer.peer)).toSorted(
        (one, other) => one.made - other.made,
      ),
  }
}
