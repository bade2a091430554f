import { mkdirSync, mkdtempSync } from 'node:fs'
import { initialize } from '../../src/identity/initialize.ts'
import { type Command, startCommand, told } from './command.ts'
import type { Internet, Site } from './internet.ts'

/** The nodes of the simulated Internet, and people with an identity each. */

/** A folder that is gone with the laboratory, also when that is killed: its `/run` is its own, in memory. */
const makeFolder = (): string => {
  mkdirSync('/run/people', { recursive: true })
  return mkdtempSync('/run/people/')
}

export type Network = {
  readonly nodes: readonly Command[]
  /** public addresses of the nodes' hosts */
  readonly hosts: readonly string[]
  /** for --network */
  readonly list: string
  /** for --relay-through, when a node is a relay */
  readonly relay: string | null
}

/** Starts node number `index` of the hosts; the first one starts the network, or comes back to it. */
export const startNode = (hosts: readonly string[], index: number, options: readonly string[] = []): Command => {
  const others = hosts.filter((_, other) => other !== index).map((host) => `${host}:49737`)
  const to = index === 0 ? [] : ['--network', others.join(',')]
  return startCommand(`node${index + 1}`, ['node', '--host', hosts[index] ?? '', '--port', '49737', ...to, ...options])
}

/** Each on a host of its own. With `relay` the last one forwards for others as well. */
export const startNodes = async (internet: Internet, count: number, { relay = false } = {}): Promise<Network> => {
  const hosts = Array.from({ length: count }, (_, index) => internet.addHost(`node${index + 1}`))
  const optionsOf = (index: number): readonly string[] => (relay && index === count - 1 ? ['--relay'] : [])
  const nodes: Command[] = []
  for (const index of hosts.keys()) {
    const node = startNode(hosts, index, optionsOf(index))
    nodes.push(node)
    if (index === 0) await told(node, 'node')
  }
  await Promise.all(nodes.map((node) => told(node, 'node')))
  const [last] = nodes.slice(-1)
  const named = relay && last !== undefined ? (await told(last, 'relaying')).key : null
  const list = hosts.map((host) => `${host}:49737`).join(',')
  return { nodes, hosts, list, relay: typeof named === 'string' ? named : null }
}

/** One node behind a router that forwards its ports, and no other. */
export const startNodeAtHome = async (site: Site): Promise<Network> => {
  const { outside: host, hosts } = site
  const node = startCommand(hosts[0] ?? '', ['node', '--public', host, '--port', '49737'])
  await told(node, 'node')
  return { nodes: [node], hosts: [host], list: `${host}:49737`, relay: null }
}

export type Person = { readonly host: string; readonly folder: string; readonly address: string }

/** Somebody on a host, with an identity in a folder. */
export const makePerson = async (host: string): Promise<Person> => {
  const folder = makeFolder()
  const { address } = await initialize(folder)
  return { host, folder, address }
}

export const startPerson = ({ host, folder }: Person, list: string, argv: readonly string[]): Command =>
  startCommand(host, ['--folder', folder, '--network', list, ...argv])
