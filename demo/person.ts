/** What Alice and Bob do alike, each in a process of their own: an identity on disk, a node on the network, lookups. */

import { encodeAddress } from '../src/core/address.ts'
import { hex } from '../src/core/bytes.ts'
import type { Identity } from '../src/core/identity.ts'
import type { SecretKey } from '../src/core/kdf.ts'
import { seconds } from '../src/core/world.ts'
import type { Evidence } from '../src/directory/client/evidence.ts'
import { type Lookup, lookup } from '../src/directory/client/lookup.ts'
import { createOwnDirectory } from '../src/directory/client/own-directory.ts'
import type { Publication } from '../src/directory/client/publish.ts'
import type { DirectoryNetwork } from '../src/directory/network-port.ts'
import { createStorage } from '../src/directory/node/storage.ts'
import { systemWorld } from '../src/identity/system-world.ts'
import { decodeAddress, initialize, type Peer } from '../src/index.ts'
import { joinDirectory } from '../src/network/directory-plugin.ts'
import { createNode, type DhtNode } from '../src/network/node.ts'
import { parseNodes } from '../src/network/node-list.ts'
import { createTransport, type Transport } from '../src/network/transport.ts'
import { createPeer } from '../src/peer/create-peer.ts'
import { openStore, type Store } from '../src/store/store.ts'
import { openVault, readVault } from '../src/store/vault.ts'
import { createAnswerRecord, type Verdicts } from './answers.ts'
import { createTold, type Told } from './told.ts'
import { createWiretap, type Wiretap } from './wiretap.ts'

/** The parts below the peer. Tests break one of them and watch the demo's checks fail. */
export type Parts = {
  readonly transport: (real: Transport) => Transport
  readonly store: (folder: string, storeKey: SecretKey) => Store
}

export const realParts: Parts = { transport: (real) => real, store: openStore }

export type Introduction = {
  readonly pid: number
  readonly address: string
  /** the root public key, 33 bytes */
  readonly root: Uint8Array
  /** the entries of the key log */
  readonly log: readonly Uint8Array[]
}

/** What a lookup found; hashes in hex. */
export type Found = {
  readonly head: string
  readonly entries: number
  readonly card: string | null
  readonly freshness: Lookup['freshness']
  readonly evidence: Evidence
  readonly verdicts: Verdicts
}

/** How it went, and the head (hex) of the log that was published, as its owner has it. */
export type Announcement = { readonly publication: Publication; readonly head: string }

export type Person = {
  /** Makes an identity in `folder`, which is this process's alone. */
  create(folder: string): Promise<Introduction>
  /** Joins the network of `bootstrap` with the identity in `folder`. */
  open(folder: string, bootstrap: readonly string[]): Promise<void>
  /** Publishes log and card, and takes connections from now on. */
  listen(): Promise<Announcement>
  lookup(address: string): Promise<Found>
  /** The same question, asked as somebody who never saw an answer before. */
  lookupWithoutMemory(address: string): Promise<Found>
  /** Packets that were meant for other machines, all refused; null if anything was not guarded. */
  refusedPackets(): Promise<number | null>
  close(): Promise<void>
}

export type Opened = {
  readonly folder: string
  readonly bootstrap: readonly string[]
  readonly identity: Identity
  readonly peer: Peer
  readonly directory: DirectoryNetwork
}

export type PersonState = {
  readonly actions: Person
  readonly wiretap: Wiretap
  /** what this person's peer told, whenever it was opened */
  readonly told: Told
  opened(): Opened
  /** Sends a text to whoever has that address; resolves when it is on the disk there. */
  say(address: string, text: string): Promise<void>
  /** The text of the next message from that address. */
  hear(address: string): Promise<string>
}

/** As long as a peer's own lookups may take. */
const LOOKUP_MS = 10_000

export const createPerson = (parts: Parts): PersonState => {
  const wiretap = createWiretap()
  const answers = createAnswerRecord()
  const told = createTold()
  const nodes: DhtNode[] = []
  let current: Opened | undefined

  const opened = (): Opened => {
    if (current === undefined) throw new Error('this person is not on the network')
    return current
  }

  const report = ({
    log,
    card,
    freshness,
    evidence,
  }: Pick<Lookup, 'log' | 'card' | 'freshness' | 'evidence'>): Found => ({
    head: hex(log.last.hash),
    entries: log.entries.length,
    card: card === null ? null : hex(card.hash),
    freshness,
    evidence,
    verdicts: answers.judge(log.id, seconds(systemWorld)),
  })

  const actions: Person = {
    create: async (folder) => {
      await initialize(folder)
      const { log } = await readVault(folder)
      const envelopes = log.entries.map(({ envelope }) => envelope)
      return { pid: process.pid, address: encodeAddress(log.id), root: log.last.entry.root, log: envelopes }
    },
    open: async (folder, bootstrap) => {
      const { identity, storeKey } = await openVault(folder, null)
      const store = parts.store(folder, storeKey)
      const node = await createNode({ bootstrap: parseNodes(bootstrap) })
      nodes.push(node)
      const directory = answers.wrap(joinDirectory(node.dht, createStorage()))
      const transport = wiretap.wrap(parts.transport(createTransport(node, identity.transportSeed.export())))
      const below = {
        directory: createOwnDirectory(directory),
        transport,
        store,
        network: node,
        world: systemWorld,
        release: node.close,
      }
      const peer = createPeer({ identity, ...below })
      current = { folder, bootstrap, identity, peer, directory }
      void told.follow(peer.events())
    },
    listen: async () => {
      const publication = await opened().peer.listen()
      return { publication, head: hex(opened().identity.log.last.hash) }
    },
    lookup: async (address) => {
      answers.forget()
      return report(await opened().peer.lookup(address))
    },
    lookupWithoutMemory: async (address) => {
      answers.forget()
      const options = { now: seconds(systemWorld), signal: AbortSignal.timeout(LOOKUP_MS) }
      return report(await lookup(opened().directory, decodeAddress(address), options))
    },
    refusedPackets: async () => refusedBy(nodes),
    close: async () => {
      await current?.peer.close()
      current = undefined
    },
  }
  const say = async (address: string, text: string): Promise<void> => {
    const { id } = await opened().peer.messages.send(address, text)
    await told.take('delivery', ({ message }) => message.id === id && message.state === 'delivered')
  }
  const hear = async (address: string): Promise<string> => {
    const message = await opened().peer.messages.receive({ from: address })
    if (message?.text === undefined) throw new Error('a text was expected')
    return message.text
  }
  return { actions, wiretap, told, opened, say, hear }
}

/** Packets for other machines that these nodes refused to send; null when one of them is not guarded. */
export const refusedBy = (nodes: readonly Pick<DhtNode, 'guard'>[]): number | null =>
  nodes.reduce<number | null>(
    (sum, { guard }) => (sum === null || guard === null ? null : sum + guard.refused),
    nodes.length === 0 ? null : 0,
  )
