/** Mallory runs storage nodes that lie about Bob, at addresses chosen so that everybody who looks him up asks them. */

import HyperDHT from 'hyperdht'
import { equal } from '../../src/core/bytes.ts'
import { NetworkError } from '../../src/core/errors.ts'
import { sha256 } from '../../src/core/kdf.ts'
import { createStorage, type Storage } from '../../src/directory/node/storage.ts'
import { replicaTargets } from '../../src/directory/replicas.ts'
import { COMMAND, decodeGet, encodeMessage } from '../../src/directory/request-format.ts'
import { systemWorld } from '../../src/identity/system-world.ts'
import { forgeRotation, forgeUpdate } from './forgeries.ts'
import { forgeCard, type Hand, now, startNode } from './hand.ts'

export type Liar = {
  readonly port: number
  /** its place among all storage nodes, counted from the place of Bob's records it is nearest to: 1 is the nearest */
  readonly rank: number
}

export type Liars = {
  readonly liars: readonly Liar[]
  /** questions about Bob that were answered with a lie so far */
  told(): number
  /** From now on they tell of Bob only what was true when Mallory first looked. */
  tellThePast(): void
}

const HOST = '127.0.0.1'
/** Ports tried for a place near Bob's records: enough to beat every honest node of a small network. */
const CANDIDATES = { first: 20_000, count: 1_000 } as const

/** A node's id is the hash of its address and port: four bytes and two, little-endian. */
const nodeId = (port: number): Buffer => {
  const address = Buffer.from([...HOST.split('.').map(Number), 0, 0])
  address.writeUInt16LE(port, 4)
  return HyperDHT.hash(address)
}

const distance = (a: Uint8Array, b: Uint8Array): Buffer => Buffer.from(a.map((byte, index) => byte ^ (b[index] ?? 0)))

/** Five answers to "what do you hold of Bob?", each wrong in its own way. */
const lies = (hand: Hand): readonly Uint8Array[] => {
  const { log } = hand.bob
  const now = Math.floor(systemWorld.clock() / 1000)
  const own = hand.identity.log
  const truth = log.entries.map(({ envelope }) => envelope)
  const answer = (entries: readonly Uint8Array[], cards: readonly Uint8Array[], tip: Uint8Array): Uint8Array =>
    encodeMessage({ tip, entryCount: entries.length, cardCount: cards.length, entries, cards, now })
  const [update, rotation] = [forgeUpdate(hand), forgeRotation(hand)]
  return [
    answer([own.last.envelope], [forgeCard(hand, own).envelope], own.last.hash),
    answer([...truth, update], [], sha256(update)),
    answer([...truth, rotation], [], sha256(rotation)),
    answer(truth, [forgeCard(hand, log).envelope], log.last.hash),
    systemWorld.random(600),
  ]
}

/** Everything Mallory knew of Bob when she first looked, as a storage node would keep it. */
export const rememberedPast = ({ bob }: Hand): Storage => {
  const past = createStorage()
  const { id } = bob.log
  const put = { now: now(), proven: true }
  for (const { envelope } of bob.log.entries)
    past.handle(COMMAND.put, encodeMessage({ t: 'entry', id, d: envelope }), put)
  past.handle(COMMAND.put, encodeMessage({ t: 'card', id, d: bob.card.envelope }), put)
  return past
}

/** Honest in everything but what it says of Bob. */
const lyingStorage = (id: Uint8Array, lie: (question: Uint8Array) => Uint8Array | null): Storage => {
  const honest = createStorage()
  return {
    handle: (command, value, request) => {
      const truth = honest.handle(command, value, request)
      if (truth === null || command !== COMMAND.get) return truth
      return equal(decodeGet(value).id, id) ? lie(value) : truth
    },
    get size() {
      return honest.size
    },
  }
}

/** Starts five lying nodes. `honestPorts` are those of the other storage nodes, to tell how near hers come. */
export const startLiars = async (hand: Hand, honestPorts: readonly number[]): Promise<Liars> => {
  const targets = replicaTargets(hand.bob.log.id)
  const past = rememberedPast(hand)
  let pastOnly = false
  let told = 0

  const start = async (lie: Uint8Array, target: Uint8Array): Promise<Liar> => {
    const storage = lyingStorage(hand.bob.log.id, (question) => {
      told += 1
      return pastOnly ? past.handle(COMMAND.get, question, { now: now(), proven: false }) : lie
    })
    const node = await startAtFirstFree(hand, storage, portsNear(target))
    const mine = distance(nodeId(node.port), target)
    const nearer = honestPorts.filter((port) => Buffer.compare(distance(nodeId(port), target), mine) < 0)
    return { port: node.port, rank: nearer.length + 1 }
  }

  const liars: Liar[] = []
  for (const [index, lie] of lies(hand).entries()) {
    const target = targets[index % targets.length]
    if (target !== undefined) liars.push(await start(lie, target))
  }
  return {
    liars,
    told: () => told,
    tellThePast: () => {
      pastOnly = true
    },
  }
}

/** Candidate ports, those whose node id is nearest to `target` first. */
const portsNear = (target: Uint8Array): readonly number[] =>
  Array.from({ length: CANDIDATES.count }, (_, index) => CANDIDATES.first + index)
    .map((port) => ({ port, away: distance(nodeId(port), target) }))
    .sort((a, b) => Buffer.compare(a.away, b.away))
    .map(({ port }) => port)

const startAtFirstFree = async (hand: Hand, storage: Storage, ports: readonly number[]) => {
  for (const port of ports) {
    try {
      return await startNode(hand, storage, { bootstrap: hand.bootstrap, port })
    } catch (error) {
      const taken = error instanceof NetworkError && error.code === 'ERR_PORT_IN_USE'
      if (!taken) throw error
    }
  }
  throw new Error('no port is free')
}
