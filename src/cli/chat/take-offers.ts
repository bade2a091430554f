import { FileError } from '../../core/errors.ts'
import type { FileOffer } from '../../files/file-api.ts'

/** Takes what is offered, in the name of an owner who is not asked each time; what is more than a contact may send waits. */
export type OfferTaker = {
  take(offer: FileOffer): void
  end(): void
}

type Limit = 'ERR_FILE_DAY' | 'ERR_FILE_TOTAL'

/** Milliseconds after which what waits is tried again: a day may be over, or its owner has made room. */
const AGAIN_MS = 60_000

const limitOf = (error: unknown): Limit | null =>
  error instanceof FileError && (error.code === 'ERR_FILE_DAY' || error.code === 'ERR_FILE_TOTAL') ? error.code : null

/** @param folder where they are put @param limited told of whom something waits, and why: once until it was taken */
export const createOfferTaker = (
  folder: string,
  limited: (peer: string, code: Limit) => Promise<unknown>,
): OfferTaker => {
  const waiting = new Set<FileOffer>()
  const told = new Set<string>()

  const take = async (offer: FileOffer): Promise<void> => {
    const { peer } = offer
    try {
      await offer.accept(folder)
      waiting.delete(offer)
      if (![...waiting].some((one) => one.peer === peer)) told.delete(peer)
    } catch (error) {
      const code = limitOf(error)
      // What goes wrong here is an event as well, as what goes wrong later is.
      if (code === null) return void waiting.delete(offer)
      waiting.add(offer)
      if (told.has(peer)) return
      told.add(peer)
      await limited(peer, code)
    }
  }
  const again = setInterval(() => {
    for (const offer of waiting) void take(offer)
  }, AGAIN_MS).unref()

  return { take: (offer) => void take(offer), end: () => clearInterval(again) }
}
