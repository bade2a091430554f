import type { Command } from './command.ts'
import { bytesBetween, type Site } from './internet.ts'
import { type Network, type Person, startPerson } from './people.ts'

/** One try: somebody calls, and says something that has to arrive. */

export type Outcome = {
  /** The way that the words took, by the counters of the router, whatever the command says of it. */
  readonly path: 'direct' | 'relayed' | 'none'
  /** from the start of the command to "connected", or to its end */
  readonly seconds: number
  /** why there was none */
  readonly code: string | null
}

export type Side = { readonly person: Person; readonly site: Site }

/** Longer than a person waits, and than the product tries. */
const PATIENCE_MS = 75_000
/** Enough to tell what carried it from the datagrams that only look for a way. */
const WORDS = 'word '.repeat(2_000)

const secondsSince = (began: number): number => (performance.now() - began) / 1000

/** What carried the words, by the bytes that crossed the Internet. Behind one gateway nothing has to. */
const createMeter = (a: Site, b: Site, nodes: readonly string[]) => {
  const count = () => ({
    direct: bytesBetween(a.outside, b.outside),
    relayed: nodes.map((node) => bytesBetween(node, b.outside)),
  })
  const before = count()
  return (size: number): 'direct' | 'relayed' => {
    const after = count()
    const relayed = Math.max(...after.relayed.map((bytes, node) => bytes - (before.relayed[node] ?? 0)))
    const direct = after.direct - before.direct
    // It may begin through the relay and go on directly: what carried more counts.
    if (relayed > direct && relayed + direct > size) return 'relayed'
    if (a === b || relayed + direct > size) return 'direct'
    throw new Error(`the words from ${a.gateway} to ${b.gateway} took neither way`)
  }
}

/** What a command says of why it failed. */
export const codeOf = (command: Command): string | null => {
  const said = command.told.findLast(({ code }) => typeof code === 'string')
  return typeof said?.code === 'string' ? said.code : (/ERR_[A-Z_]+/.exec(command.stderr())?.[0] ?? null)
}

/** Says something on a connection. @returns whether it is on the other side's disk */
export const say = async (command: Command, words: string): Promise<boolean> => {
  const after = command.told.length
  command.type(words)
  const isDelivered = ({ event, state }: { event: string; state?: unknown }): boolean =>
    event === 'delivery' && state === 'delivered'
  return (await command.next(isDelivered, { after, signal: AbortSignal.timeout(PATIENCE_MS) })) !== null
}

/** Calls, talks and says goodbye. @throws Error when the command says that the words took another way than they did */
export const converse = async (from: Side, to: Side, { list, hosts }: Network): Promise<Outcome> => {
  const command = startPerson(from.person, list, ['chat', to.person.address])
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS)
    const connected = await command.next(({ event }) => event === 'connected', { signal })
    const seconds = secondsSince(command.began)
    if (connected === null) return { path: 'none', seconds, code: codeOf(command) }
    const measure = createMeter(from.site, to.site, hosts)
    if (!(await say(command, WORDS))) return { path: 'none', seconds, code: 'connected, and nothing arrived' }
    const path = measure(WORDS.length)
    const said = command.told.filter(({ event }) => event === 'connected' || event === 'way').map(({ way }) => way)
    if (!said.includes(path))
      throw new Error(`${from.person.host} to ${to.person.host}: said to be ${said.join(', then ')}, and is ${path}`)
    return { path, seconds, code: null }
  } finally {
    await command.end('SIGKILL')
  }
}
