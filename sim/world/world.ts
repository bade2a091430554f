/** One simulated internet with Handfast nodes on it: who is there, and how they come and go. */

import type { Directory } from '../../src/directory/client/directory.ts'
import type { Storage } from '../../src/directory/node/storage.ts'
import { createTruth, type Truth } from '../people.ts'
import type { Production, SimNode } from '../production.ts'
import { createAddressBook } from './addresses.ts'
import { type Client, createClient } from './client.ts'
import type { VirtualClock } from './clock.ts'
import { createMachine, type Machine } from './memory-udx.ts'
import { type Address, createNetwork, type Network, nameOf } from './network.ts'
import type { Random } from './random.ts'

/** A storage node, or a reader: one that stores nothing for others. */
export type Member = {
  readonly address: Address
  readonly machine: Machine
  readonly node: SimNode
  readonly storage: Storage
  readonly directory: Directory
  /** Storage nodes only: false once it follows an attacker's orders. */
  honest: boolean
}

export type World = {
  readonly clock: VirtualClock
  readonly network: Network
  readonly random: Random
  readonly production: Production
  readonly truth: Truth
  /** The storage nodes that are up. */
  readonly members: ReadonlyMap<string, Member>
  /** Those among them that are in everybody's bootstrap list. */
  readonly bootstrap: readonly Address[]
  /** Lets `count` storage nodes join, the way real ones do; they are honest. @returns them */
  grow(count: number): Promise<readonly Member[]>
  /** One storage node at an address of one's choice. */
  join(address: Address): Promise<Member>
  /** A node that only asks and publishes, on a machine of its own. The caller closes it. */
  reader(): Promise<Member>
  /** Something that speaks bare datagrams, on a machine of its own, or at an address of one's choice. */
  client(address?: Address): Client
  /** A storage node is gone from one moment to the next, without a word. */
  kill(member: Member): void
  honest(): readonly Member[]
  /** An address of a machine that nobody has yet, alone in its /24. */
  newHost(): string
}

export type WorldSettings = {
  readonly clock: VirtualClock
  readonly random: Random
  readonly production: Production
  /** share of datagrams lost */
  readonly loss: number
}

/** How many join at the same time. */
const JOINING_AT_ONCE = 16
/** Nodes in everybody's bootstrap list. */
const BOOTSTRAP_NODES = 3

export const createWorld = ({ clock, random, production, loss }: WorldSettings): World => {
  const network = createNetwork(clock, random.fork('network'), { loss })
  const addresses = createAddressBook(random.fork('addresses'))
  const ports = random.fork('ports')
  const truth = createTruth(random.fork('truth'))
  const members = new Map<string, Member>()
  const bootstrap: Address[] = []

  const start = async (address: Address, storing: boolean): Promise<Member> => {
    const machine = createMachine(network, address.host, ports)
    const first = bootstrap.length === 0
    const node = await production.createNode({
      ...address,
      udx: machine.udx,
      storage: storing,
      first,
      bootstrap: [...bootstrap],
    })
    const storage = production.createStorage(node)
    const directory = production.join(node.dht, storage)
    return { address, machine, node, storage, directory, honest: true }
  }

  const join: World['join'] = async (address) => {
    const member = await start(address, true)
    members.set(nameOf(address), member)
    if (bootstrap.length < BOOTSTRAP_NODES) bootstrap.push(address)
    return member
  }

  const grow: World['grow'] = async (count) => {
    const grown: Member[] = []
    let left = count
    const joinSome = async (): Promise<void> => {
      while (left > 0) {
        left -= 1
        grown.push(await join(addresses.next()))
      }
    }
    // Everybody's bootstrap list has to be there before many come at once.
    while (left > 0 && bootstrap.length < BOOTSTRAP_NODES) {
      left -= 1
      grown.push(await join(addresses.next()))
    }
    await Promise.all(Array.from({ length: JOINING_AT_ONCE }, joinSome))
    return grown
  }

  return {
    clock,
    network,
    random,
    production,
    truth,
    members,
    bootstrap,
    grow,
    join,
    reader: () => start({ host: addresses.next().host, port: 0 }, false),
    client: (address = addresses.next()) => createClient(clock, network, address),
    kill: (member) => {
      members.delete(nameOf(member.address))
      network.unbind(member.address)
      // Its own goodbyes and timers end here; nothing of that reaches the network any more.
      member.machine.intercept = () => true
      member.machine.mute = true
      void member.node.close()
    },
    honest: () => [...members.values()].filter(({ honest }) => honest),
    newHost: () => addresses.next().host,
  }
}
