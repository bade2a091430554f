/** Stock nodes that lie. Nobody signs in another's name: all they can do is to keep silent, to send noise, and to show what was signed before. */

import { hex } from '../../src/core/bytes.ts'
import { placeOfSlot } from '../../src/core/epoch-keys.ts'
import type { MutableValue } from '../../src/core/mutable-value.ts'
import { encodeMutableAnswer } from '../../src/directory/stock/stock-format.ts'
import { newest, type Person } from '../people.ts'
import type { Address } from '../world/network.ts'
import { decodeRequest, encodeReply, nodeId } from '../world/wire.ts'
import type { Member } from '../world/world.ts'
import type { Attack, Order, Plot } from './attack.ts'

type Asked = { readonly command: 'mutable-get' | 'immutable-get' | 'put'; readonly target: Uint8Array }

/** As HyperDHT 6.34 numbers them. */
const COMMANDS: ReadonlyMap<number, Asked['command']> = new Map([
  [6, 'put'],
  [7, 'mutable-get'],
  [8, 'put'],
  [9, 'immutable-get'],
])

/** From now on `decide` answers what this node is asked for values; the rest it answers as before. */
const giveStockOrders = (member: Member, { world, random }: Plot, decide: (asked: Asked) => Order): void => {
  const { machine, address, node } = member
  const token = random.bytes(32)
  machine.intercept = (data, from, at) => {
    const request = decodeRequest(data)
    const command = request === null || request.internal ? undefined : COMMANDS.get(request.command)
    if (request?.target == null || command === undefined) return false
    const order = decide({ command, target: request.target })
    if (order === 'silence') return true
    const named: readonly Address[] = order.closerNodes ?? node.dht.table.closest(Buffer.from(request.target))
    const closerNodes = named.slice(0, NAMED_MAX)
    const rest = { tid: request.tid, to: from, id: nodeId(address), token, closerNodes, error: 0 }
    world.network.send({ from: at, to: from, data: encodeReply({ ...rest, value: order.value }) })
    return true
  }
  member.honest = false
}

/** Nodes that HyperDHT names. */
const NAMED_MAX = 20

const NOTHING: Order = { value: null }

/** Whom a place belongs to: where a slot of hers is, or will be. */
const ownerOf = ({ world }: Plot, target: Uint8Array): Person | undefined =>
  world.truth.people.find((person) =>
    world.truth.slotKeys(person).some(({ publicKey }) => Buffer.compare(placeOfSlot(publicKey), target) === 0),
  )

/** What lay in a slot at first: signed by its key, and never to be the last word. */
const firstIn = (plot: Plot, target: Uint8Array): MutableValue | null => {
  const first = ownerOf(plot, target)?.statements[0]?.slot
  return first !== undefined && hex(placeOfSlot(first.key)) === hex(target) ? first : null
}

/** An entry of the log as it was at first. */
const firstEntry = ({ world }: Plot, target: Uint8Array): Uint8Array | null => {
  for (const { statements } of world.truth.people) {
    const entry = statements[0]?.log.entries.find(({ hash }) => Buffer.compare(hash, target) === 0)
    if (entry !== undefined) return entry.envelope
  }
  return null
}

export const stockSilent: Attack = {
  name: 'stock-silent',
  summary: 'stock nodes: 30 % answer pings, and nothing that is asked of values',
  subvert: (member, plot) => giveStockOrders(member, plot, () => 'silence'),
}

export const stockNull: Attack = {
  name: 'stock-null',
  summary: 'stock nodes: 30 % take every value, and say that they hold none',
  subvert: (member, plot) => giveStockOrders(member, plot, () => NOTHING),
}

/** The replay of an older signed value, by as many as there are. */
export const stockStale: Attack = {
  name: 'stock-stale',
  summary: 'stock nodes: 30 % take every value, and go on showing the slot and the entries from before',
  subvert: (member, plot) => giveStockOrders(member, plot, ({ command, target }) => showFirst(plot, command, target)),
}

const showFirst = (plot: Plot, command: Asked['command'], target: Uint8Array): Order => {
  if (command === 'put') return NOTHING
  if (command === 'immutable-get') return { value: firstEntry(plot, target) }
  const value = firstIn(plot, target)
  return { value: value === null ? null : encodeMutableAnswer(value) }
}

export const stockGarbage: Attack = {
  name: 'stock-garbage',
  summary: 'stock nodes: 30 % send noise, damaged values and those of others',
  subvert: (member, plot) =>
    giveStockOrders(member, plot, ({ command, target }) =>
      command === 'put' ? NOTHING : { value: rubbish(plot, target) },
    ),
}

const rubbish = (plot: Plot, target: Uint8Array): Uint8Array => {
  const { random, world } = plot
  const person = ownerOf(plot, target) ?? random.pick(world.truth.people)
  const real = encodeMutableAnswer(newest(person).slot)
  const other = newest(random.pick(world.truth.people))
  const at = random.integer(real.length)
  const kinds: readonly (() => Uint8Array)[] = [
    () => random.bytes(1 + random.integer(986)),
    () => real.map((byte, index) => (index === at ? byte ^ (1 + random.integer(255)) : byte)),
    () => real.slice(0, at),
    () => encodeMutableAnswer(other.slot),
    () => other.log.last.envelope,
  ]
  return random.pick(kinds)()
}
