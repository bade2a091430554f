import type HyperDHT from 'hyperdht'
import type { Reply, Server } from 'hyperdht'
import { type NodeAddress, nameOf } from '../directory/network-port.ts'
import { announcedFrom } from './hyperdht-internals.ts'

/**
 * Asks some nodes that should know this one whether they do. HyperDHT pings the nodes that a peer is announced at, and announces it again
 * every 5 minutes: one that restarted answers its pings, and knows nothing of the peer.
 */
export type Beat = {
  /** nodes that were asked, and how many of them answered */
  readonly asked: number
  readonly answered: number
  /** whether a node that the peer was announced at does not know where it is, or no node was told */
  readonly forgotten: boolean
  /**
   * whether HyperDHT announced the peer anew before it was time: nodes it was announced at were away, and may be back without all else that
   * they were told
   */
  readonly hurried: boolean
  /** whether a node sees this one at another address than when it announced the peer there, or answered before */
  readonly moved: boolean
  /** the address that most who answered see */
  readonly host: string | null
}

/** HyperDHT announces a peer every 5 minutes and some seconds; sooner, milliseconds, when nodes are gone or it is told to. */
const HURRIED_MS = 240_000
/** A peer is announced at three nodes. */
const ASKED_MAX = 3
const FIND_PEER = 2

type Question = { readonly node: NodeAddress; readonly server: Server | null }

/** Each listening server at the nodes that it was announced at; without one, nodes that are known. */
const questionsOf = (dht: HyperDHT, isOwn: (node: NodeAddress) => boolean): readonly Question[] => {
  const announced = [...dht.listening].flatMap((server) =>
    server.relayAddresses.filter((node) => !isOwn(node)).map((node) => ({ node, server })),
  )
  if (announced.length > 0) return announced.slice(0, ASKED_MAX)
  const others = dht.toArray().filter((node) => !isOwn(node))
  return others.slice(0, ASKED_MAX).map((node) => ({ node, server: null }))
}

/** One datagram, and a second for its answer: a beat follows soon. */
const ask = (dht: HyperDHT, { node, server }: Question): Promise<Reply | null> => {
  const once = { retry: false }
  const target = server?.target ?? null
  const asking =
    target === null ? dht.ping(node, once) : dht.request({ command: FIND_PEER, target, value: null }, node, once)
  return asking.catch(() => null)
}

const commonest = (hosts: readonly string[]): string | null => {
  const count = (host: string): number => hosts.filter((one) => one === host).length
  const [first] = hosts.toSorted((a, b) => count(b) - count(a))
  return first !== undefined && (hosts.length === 1 || count(first) > 1) ? first : null
}

/** @param isOwn whether that is this node's own address, or of one on the same machine */
export const createBeat = (dht: HyperDHT, isOwn: (node: NodeAddress) => boolean): (() => Promise<Beat>) => {
  /** where each node that was asked last saw this one */
  let seen: ReadonlyMap<string, string> = new Map()
  /** what each server was announced at, and when that was noticed: HyperDHT makes another list each time */
  const announced = new WeakMap<Server, { readonly at: number; readonly nodes: readonly NodeAddress[] }>()

  const isHurried = (server: Server): boolean => {
    const before = announced.get(server)
    const { relayAddresses: nodes } = server
    if (before?.nodes === nodes) return false
    const at = performance.now()
    announced.set(server, { at, nodes })
    return before !== undefined && at - before.at < HURRIED_MS
  }

  return async () => {
    const questions = questionsOf(dht, isOwn)
    const replies = await Promise.all(questions.map((question) => ask(dht, question)))
    const answers = questions.flatMap((question, index) => {
      const reply = replies[index] ?? null
      return reply === null ? [] : [{ ...question, reply }]
    })
    const before = seen
    const saw = answers.map(({ node, reply }) => [nameOf(node), nameOf(reply.to)] as const)
    /** What the node was told counts: it may have been before the first beat. */
    const isMoved = ({ node, server, reply }: (typeof answers)[number]): boolean => {
      const told = server === null ? null : announcedFrom(server, node)
      return !['', nameOf(reply.to)].includes(told === null ? (before.get(nameOf(node)) ?? '') : nameOf(told))
    }
    // What is not asked again is not remembered.
    seen = new Map([...questions.map(({ node }) => [nameOf(node), before.get(nameOf(node)) ?? ''] as const), ...saw])
    const isUnannounced = dht.listening.size > 0 && questions.every(({ server }) => server === null)
    return {
      asked: questions.length,
      answered: answers.length,
      forgotten:
        answers.length > 0 &&
        (isUnannounced || answers.some(({ server, reply }) => server !== null && reply.value === null)),
      hurried: [...dht.listening].filter(isHurried).length > 0,
      moved: answers.some(isMoved),
      host: commonest(answers.map(({ reply }) => reply.to.host)),
    }
  }
}
