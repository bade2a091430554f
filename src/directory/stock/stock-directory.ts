import { concat } from '../../core/bytes.ts'
import { checkKem } from '../../core/card.ts'
import { DirectoryError } from '../../core/errors.ts'
import type { Directory } from '../client/directory.ts'
import { NOTHING_HEARD } from '../client/heard-times.ts'
import type { StockNetwork } from '../stock-port.ts'
import { lookupStock } from './stock-lookup.ts'
import { publishStock, surveyFor } from './stock-publish.ts'
import { fetchImmutable } from './stock-requests.ts'
import { keepStock, readBackStock } from './stock-upkeep.ts'

/**
 * The directory of any nodes of HyperDHT (docs/spec/stock-directory.md). They check hashes and signatures of values and nothing else, forget
 * after two days, and tell no time: so nothing holds this clock there.
 */
export const createStockDirectory = (network: StockNetwork): Directory => ({
  lookup: async (id, options) => (await lookupStock(network, id, options)).lookup,
  publish: (records, { signal }) => publishStock(network, records, signal),
  check: (records, options) => readBackStock(network, records, options),
  keep: (log, options) => keepStock(network, log, options),
  fetchKem: async ({ card: { card } }, signal) => {
    const survey = surveyFor(network, signal)
    const halves = await Promise.all(card.kem.map((hash) => fetchImmutable(network, survey, hash)))
    const found = halves.map(({ bytes }) => bytes).filter((bytes) => bytes !== null)
    const hint = 'the ML-KEM key of the card'
    if (found.length < halves.length)
      throw new DirectoryError(
        halves.every(({ bytes, complete }) => bytes !== null || complete)
          ? 'ERR_LOOKUP_NOT_FOUND'
          : 'ERR_LOOKUP_INCOMPLETE',
        { hint },
      )
    const kem = concat(...found)
    checkKem(card, kem)
    return kem
  },
  askTimes: async () => NOTHING_HEARD,
})
