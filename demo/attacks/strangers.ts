/** Mallory among nodes of strangers: nodes of her own that lie, and a stolen folder with which she writes where its owner did. */

import type { IncomingRequest } from 'hyperdht'
import { placeOfSlot } from '../../src/core/epoch-keys.ts'
import type { Identity } from '../../src/core/identity.ts'
import { signMutable } from '../../src/core/mutable-value.ts'
import { nameOf } from '../../src/directory/network-port.ts'
import { encodeMutablePut } from '../../src/directory/stock/stock-format.ts'
import { putAllValues, surveyFor } from '../../src/directory/stock/stock-publish.ts'
import { mutableValue, type StockValue } from '../../src/directory/stock/stock-requests.ts'
import { systemWorld } from '../../src/identity/system-world.ts'
import { createNode, type DhtNode } from '../../src/network/node.ts'
import { parseNodes } from '../../src/network/node-list.ts'
import { createStockNode, type StockNode } from '../../src/network/stock-node.ts'
import { createStockRequests } from '../../src/network/stock-requests.ts'
import { openVault } from '../../src/store/vault.ts'

export type Strangers = {
  readonly liars: readonly StockNode[]
  /** every node she runs there */
  readonly nodes: readonly Pick<StockNode | DhtNode, 'guard' | 'close'>[]
  spoil(folder: string): Promise<Spoiling>
  seizeNext(): Promise<Spoiling>
}

/** Nodes of others that she asked to keep what she made, and those that did. */
export type Spoiling = { readonly asked: number; readonly took: number }

/** A node that finds a value wrong says nothing at all. */
const ASK_MS = 1_000

/** HyperDHT's commands for values; the first of them puts what may be replaced. */
const VALUES = { first: 6, last: 9 } as const

/** What each of her nodes answers to whoever asks for values. */
const LIES = ['noise', 'nothing', 'past', 'noise', 'past'] as const

const lie = ({ dht }: StockNode, how: (typeof LIES)[number]): void => {
  const honest = dht.onrequest.bind(dht)
  const first = new Set<string>()
  /** Whether it is the first value put in a place: a node that shows the past keeps that one, and takes all others without keeping them. */
  const isFirst = ({ command, target }: IncomingRequest): boolean => {
    const name = target?.toString('hex') ?? ''
    const known = first.has(name)
    if (command === VALUES.first) first.add(name)
    return !known
  }
  dht.onrequest = (request) => {
    const { command } = request
    if (command < VALUES.first || command > VALUES.last) return honest(request)
    if (how === 'past' && (command !== VALUES.first || isFirst(request))) return honest(request)
    request.reply(how === 'noise' ? systemWorld.random(400) : null)
    return true
  }
}

export const joinStrangers = async (network: string): Promise<Strangers> => {
  const bootstrap = parseNodes(network)
  const liars = await Promise.all(LIES.map(() => createStockNode(bootstrap)))
  for (const [index, node] of liars.entries()) lie(node, LIES[index] ?? 'noise')
  const own = await createNode({ bootstrap })
  const requests = createStockRequests(own.dht)
  let stolen: Identity | undefined

  const put = async (value: StockValue): Promise<Spoiling> => {
    const signal = AbortSignal.timeout(ASK_MS)
    const putting = { network: requests, survey: surveyFor(requests, signal), signal }
    const [done] = await putAllValues(putting, [value])
    const hers = new Set(liars.map(nameOf))
    const said = [...(done?.outcomes ?? [])].filter(([name]) => !hers.has(name)).map(([, refused]) => refused)
    return { asked: said.length, took: said.filter((refused) => refused === null).length }
  }

  /** The key of the present slot: the highest number there is but one, and noise. */
  const make = () => {
    const key = stolen?.slotKey
    if (stolen === undefined || !key) throw new Error('nothing is stolen')
    return { value: signMutable(key, Number.MAX_SAFE_INTEGER - 1, systemWorld.random(200)), log: stolen.log }
  }

  return {
    liars,
    nodes: [...liars, own],
    spoil: async (folder) => {
      stolen = (await openVault(folder, null)).identity
      return put(mutableValue(make().value))
    },
    seizeNext: async () => {
      const { value, log } = make()
      const target = log.last.entry.after
      // Under its own key it belongs elsewhere; under another the signature does not hold. She has no third way.
      if (Buffer.compare(placeOfSlot(value.key), target) === 0) throw new Error('that would be the present slot')
      return put({ target, kind: 'mutable', put: encodeMutablePut(value) })
    },
  }
}
