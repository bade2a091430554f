/** What Mallory has in hand: an identity of her own, a node like anybody's, and what anybody can look up about Bob. */

import { type Card, type SignedCard, signCard } from '../../src/core/card.ts'
import { createIdentity, type Identity } from '../../src/core/identity.ts'
import { generateKem, type KemPrivateKey } from '../../src/core/kem.ts'
import type { KeyLog } from '../../src/core/key-log.ts'
import { generatePrivateKey, type P256PrivateKey } from '../../src/core/p256.ts'
import { seconds } from '../../src/core/world.ts'
import { lookup } from '../../src/directory/client/lookup.ts'
import type { DirectoryNetwork, NodeAddress } from '../../src/directory/network-port.ts'
import { createStorage, type Storage } from '../../src/directory/node/storage.ts'
import { systemWorld } from '../../src/identity/system-world.ts'
import { joinDirectory } from '../../src/network/directory-plugin.ts'
import { createNode, type DhtNode } from '../../src/network/node.ts'
import { parseNodes } from '../../src/network/node-list.ts'
import { createTransport, type Transport } from '../../src/network/transport.ts'

export type Hand = {
  /** her own keys: an identity, and the prekeys of a card */
  readonly identity: Identity<P256PrivateKey>
  readonly spk: P256PrivateKey
  readonly kem: KemPrivateKey
  readonly bootstrap: readonly NodeAddress[]
  readonly directory: DirectoryNetwork
  readonly transport: Transport
  /** every node she runs */
  readonly nodes: DhtNode[]
  /** Bob's public records, as she found them */
  readonly bob: { readonly log: KeyLog; readonly card: SignedCard<Card> }
}

export const now = (): number => seconds(systemWorld)

const LOOKUP_MS = 10_000

/** Joins the network of `bootstrap` and looks Bob up, as anybody may. `bobId` is the 32-byte hash of his address. */
export const takeHand = async (bootstrap: readonly string[], bobId: Uint8Array): Promise<Hand> => {
  const { random } = systemWorld
  const { identity } = createIdentity(now(), random)
  const entrance = parseNodes(bootstrap)
  const node = await createNode({ bootstrap: entrance })
  const directory = joinDirectory(node.dht, createStorage())
  const { log, card } = await lookup(directory, bobId, { now: now(), signal: AbortSignal.timeout(LOOKUP_MS) })
  if (card === null) throw new Error('Bob has no card yet')
  return {
    identity,
    spk: generatePrivateKey(random),
    kem: generateKem(random),
    bootstrap: entrance,
    directory,
    transport: createTransport(node, identity.transportSeed.export()),
    nodes: [node],
    bob: { log, card },
  }
}

/** Starts one more storage node of hers that answers from `storage`. */
export const startNode = async (
  hand: Hand,
  storage: Storage,
  options: Omit<Parameters<typeof createNode>[0], 'storage'>,
): Promise<DhtNode> => {
  const node = await createNode({ ...options, storage: true })
  joinDirectory(node.dht, storage)
  hand.nodes.push(node)
  return node
}

/** A card with her prekeys and her transport key, for `log`, signed by her device. */
export const forgeCard = ({ identity, spk, kem, transport }: Hand, log: KeyLog): SignedCard<Card> => {
  const when = { device: 0, now: systemWorld.clock() + 1, inc: systemWorld.random(16) }
  const content = { ...when, spk: spk.publicKey, kem: kem.publicKey }
  return signCard(log, identity.sign, { ...content, transport: transport.publicKey })
}
