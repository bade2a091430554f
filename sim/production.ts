/** The production code as the simulator runs it. What changes there is followed here and nowhere else. */

import type HyperDHT from 'hyperdht'
import { HandfastError } from '../src/core/errors.ts'
import type { KeyLog } from '../src/core/key-log.ts'
import { LOOKUP_MS } from '../src/core/limits/connection-limits.ts'
import { CARD_REISSUE } from '../src/core/limits/protocol-limits.ts'
import { RECORD_REPAIR } from '../src/core/limits/record-limits.ts'
import type { Directory } from '../src/directory/client/directory.ts'
import { createOwnDirectory } from '../src/directory/client/own-directory.ts'
import { createStorage, type Storage } from '../src/directory/node/storage.ts'
import { joinDirectory } from '../src/network/directory-plugin.ts'
import { createNode, type DhtNode, type NodeOptions } from '../src/network/node.ts'
import type { Statement } from './people.ts'

/** What a lookup came to, in the simulator's words. */
export type Outcome = {
  /**
   * `fresh`: the lookup vouches that this is current. `doubtful`: it returned something, and says not to rely on its being current.
   * The others returned nothing.
   */
  readonly verdict: 'fresh' | 'doubtful' | 'not-found' | 'could-not-ask'
  readonly log: KeyLog | null
  /** the envelope returned */
  readonly card: Uint8Array | null
}

export type Published = { readonly accepted: number; readonly weak: boolean }

/** What a run needs of a node. */
export type SimNode = Pick<DhtNode, 'dht' | 'close'>

/** The parts under test; a test may put a sabotaged one in. */
export type Production = {
  /** A node that stores for others, or one that only asks. */
  createNode(options: NodeOptions): Promise<SimNode>
  /** @param node the node it is for */
  createStorage(node: SimNode): Storage
  join(dht: HyperDHT, storage: Storage): Directory
  lookup(directory: Directory, id: Uint8Array): Promise<Outcome>
  publish(directory: Directory, statement: Statement): Promise<Published>
  /** Looks whether it is where it should be, and puts it where it is missing, as a peer does between two publications. */
  repair(directory: Directory, statement: Statement): Promise<void>
  /** how often a peer publishes again, and how often it repairs, milliseconds */
  readonly republishMs: number
  readonly repairMs: number
}

const recordsOf = ({ log, card, kem, slot, closed }: Statement) => ({ log, closed, card: { signed: card, kem, slot } })

const seconds = (): number => Math.floor(Date.now() / 1000)

export const production: Production = {
  republishMs: CARD_REISSUE * 1000,
  repairMs: RECORD_REPAIR * 1000,
  createNode,
  createStorage: ({ dht }) => createStorage({ self: () => dht.id }),
  join: (dht, storage) => createOwnDirectory(joinDirectory(dht, storage)),
  lookup: async (directory, id) => {
    try {
      const {
        log,
        card,
        verdict: judged,
      } = await directory.lookup(id, {
        now: seconds(),
        signal: AbortSignal.timeout(LOOKUP_MS),
      })
      const verdict = judged.kind === 'current' ? 'fresh' : 'doubtful'
      return { verdict, log, card: card?.envelope ?? null }
    } catch (error) {
      if (!(error instanceof HandfastError)) throw error
      const verdict = error.code === 'ERR_LOOKUP_NOT_FOUND' ? 'not-found' : 'could-not-ask'
      return { verdict, log: null, card: null }
    }
  },
  repair: async (directory, statement) => {
    const options = { now: seconds(), signal: AbortSignal.timeout(LOOKUP_MS) }
    await directory.check(recordsOf(statement), options).catch(async (error: unknown) => {
      if (!(error instanceof HandfastError)) throw error
      await production.publish(directory, statement)
    })
  },
  publish: async (directory, statement) => {
    const options = { signal: AbortSignal.timeout(LOOKUP_MS) }
    const { accepted, weak } = await directory.publish(recordsOf(statement), options).catch((error: unknown) => {
      if (error instanceof HandfastError) return { accepted: 0, weak: true }
      throw error
    })
    return { accepted, weak }
  },
}
