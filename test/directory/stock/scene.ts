import { placeOfSlot } from '../../../src/core/epoch-keys.ts'
import type { LookupOptions } from '../../../src/directory/client/lookup.ts'
import { makeIdentity, makePrekeys, NOW } from '../../core/identities.ts'
import { publicationOf, slotKeyAt } from '../publications.ts'
import { nearest, type StockMemory, type StockNode } from './stock-memory.ts'

/** Alice among stock nodes, of whom some may lie. */

export const SIZE = 60
export const alice = makeIdentity('stock/Alice')
export const mallory = makeIdentity('stock/Mallory')
export const prekeys = makePrekeys('stock/Alice')

export const never = (): AbortSignal => new AbortController().signal

/** Where her slot of an epoch lies. */
export const places = (epoch: number): Uint8Array => placeOfSlot(slotKeyAt(alice, epoch).publicKey)

export const look = ({ directory }: StockMemory, options: Partial<LookupOptions> = {}) =>
  directory.lookup(alice.log.id, { now: NOW, signal: never(), ...options })

export const publish = ({ directory }: StockMemory, log = alice.log, later = 0) =>
  directory.publish(publicationOf(alice, log, prekeys, { serial: NOW * 1000 + later }), { signal: never() })

/** The keepers of a place are the nodes nearest to it. */
export const keepers = (net: StockMemory, target: Uint8Array): readonly StockNode[] => nearest(net, target, 20)
