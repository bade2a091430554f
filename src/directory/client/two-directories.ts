import { orAbort } from '../../core/abort.ts'
import { HandfastError } from '../../core/errors.ts'
import { LESSER_PUBLISH_MS, LESSER_WAIT_MS } from '../limits.ts'
import type { Clock } from '../network-port.ts'
import type { Directory } from './directory.ts'
import { mergeLookups } from './merge-lookups.ts'
import type { NodeKinds } from './node-kinds.ts'
import type { CardRecord, Publishing } from './publish.ts'

/**
 * Both directories at one port, by what the nodes of the network understand. Where some nodes are Handfast's and others are not, both are
 * asked, and what one shows is held against what the other does: neither can hide what the other has.
 */

export type Both = { readonly own: Directory; readonly stock: Directory }

type Settled<T> = PromiseSettledResult<T>

/** What the one came to, or else the other; of two failures the first. */
const either = <T>(main: Settled<T>, lesser: Settled<T>): T => {
  if (main.status === 'fulfilled') return main.value
  if (lesser.status === 'fulfilled') return lesser.value
  throw main.reason
}

/** A card is signed once, whoever is to keep it. */
const signedOnce = ({ card, ...records }: Publishing): Publishing => {
  if (typeof card !== 'function') return { ...records, card }
  let signed: CardRecord | undefined
  return {
    ...records,
    card: () => {
      signed ??= card()
      return signed
    },
  }
}

const settle = async <T>(work: Promise<T>): Promise<Settled<T>> => {
  const [settled] = await Promise.allSettled([work])
  return settled
}

export const createTwoDirectories = (
  { own, stock }: Both,
  { kinds, clock }: { readonly kinds: NodeKinds; readonly clock: Clock },
): Directory => {
  /** @returns the one to ask, the other, and whether that is to be asked as well */
  const order = async (signal: AbortSignal): Promise<readonly [main: Directory, lesser: Directory, both: boolean]> => {
    // Nobody answers, or there is no time: whichever is asked will say so.
    const { understood, mostly } = (await orAbort(kinds.look(), signal).catch(() => null)) ?? {
      understood: 'own',
      mostly: 'own',
    }
    return mostly === 'own' ? [own, stock, understood === 'both'] : [stock, own, understood === 'both']
  }

  /** Has the lesser one end soon after the main one: among nodes that do not understand it, it waits for each. Merged are two, of whom one may have failed. */
  const run = async <T>(
    signal: AbortSignal,
    work: (directory: Directory, signal: AbortSignal) => Promise<T>,
    merge: (main: Settled<T>, lesser: Settled<T>) => T = either,
  ): Promise<T> => {
    const [main, lesser, both] = await order(signal)
    const late = new AbortController()
    const askLesser = () => settle(work(lesser, AbortSignal.any([signal, late.signal])))
    const beside = both ? askLesser() : null
    const first = await settle(work(main, signal))
    if (beside === null && first.status === 'fulfilled') return first.value
    // A node that was slow to answer may have been taken for another kind: what is not in the one directory may be in the other.
    const callOff = clock.after(LESSER_WAIT_MS, () => late.abort())
    const second = await (beside ?? askLesser())
    callOff()
    return merge(first, second)
  }

  /** Where Handfast's own nodes are more, they first: they say what time it is before a card is signed. */
  const publish: Directory['publish'] = async (given, options) => {
    const [main, lesser, both] = await order(options.signal)
    const records = signedOnce(given)
    if (!both) return main.publish(records, options)
    const late = new AbortController()
    const signal = AbortSignal.any([options.signal, late.signal])
    const askLesser = () => settle(lesser.publish(records, { ...options, signal }))
    const beside = main === stock ? askLesser() : null
    const first = await settle(main.publish(records, options))
    if (first.status === 'rejected' && isClock(first.reason)) throw first.reason
    const callOff = clock.after(LESSER_PUBLISH_MS, () => late.abort())
    const second = await (beside ?? askLesser())
    callOff()
    return either(first, second)
  }

  return {
    publish,
    lookup: (id, options) =>
      run(
        options.signal,
        (directory, signal) => directory.lookup(id, { ...options, signal }),
        (first, second) => mergeLookups(either(first, second), either(second, first), options),
      ),
    check: (records, options) =>
      run(
        options.signal,
        (directory, signal) => directory.check(records, { ...options, signal }),
        (first, second) => {
          const [one, other] = [either(first, second), either(second, first)]
          const found = mergeLookups(one.found, other.found, {})
          // A node may have taken both forms, and counts once.
          const repaired = Math.max(one.repaired, other.repaired)
          return { found, repaired, confirmed: one.confirmed && found === one.found }
        },
      ),
    keep: (log, options) => run(options.signal, (directory, signal) => directory.keep(log, { ...options, signal })),
    fetchKem: (found, signal) => run(signal, (directory, within) => directory.fetchKem(found, within)),
    askTimes: async (world, signal) => {
      const [main, , both] = await order(signal)
      return main === stock && !both ? stock.askTimes(world, signal) : own.askTimes(world, signal)
    },
  }
}

const isClock = (error: unknown): boolean => error instanceof HandfastError && error.code === 'ERR_CLOCK'
