/** The production code as the simulator runs it. What changes there is followed here and nowhere else. */

import type HyperDHT from 'hyperdht'
import { HandfastError } from '../src/core/errors.ts'
import type { KeyLog } from '../src/core/key-log.ts'
import { LOOKUP_MS } from '../src/core/limits/connection-limits.ts'
import { CARD_REISSUE } from '../src/core/limits/protocol-limits.ts'
import { RECORD_REPAIR } from '../src/core/limits/record-limits.ts'
import { lookup } from '../src/directory/client/lookup.ts'
import { checkPublication } from '../src/directory/client/publication-check.ts'
import { publish } from '../src/directory/client/publish.ts'
import type { DirectoryNetwork } from '../src/directory/network-port.ts'
import { createStorage, type Storage } from '../src/directory/node/storage.ts'
import { joinDirectory } from '../src/network/directory-plugin.ts'
import type { DhtNode } from '../src/network/node.ts'
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

/** The parts under test; a test may put a sabotaged one in. */
export type Production = {
  /** @param node the node it is for */
  createStorage(node: DhtNode): Storage
  join(dht: HyperDHT, storage: Storage): DirectoryNetwork
  lookup(directory: DirectoryNetwork, id: Uint8Array): Promise<Outcome>
  publish(directory: DirectoryNetwork, statement: Statement): Promise<Published>
  /** Looks whether it is where it should be, and puts it where it is missing, as a peer does between two publications. */
  repair(directory: DirectoryNetwork, statement: Statement): Promise<void>
  /** how often a peer publishes again, and how often it repairs, milliseconds */
  readonly republishMs: number
  readonly repairMs: number
}

const seconds = (): number => Math.floor(Date.now() / 1000)

export const production: Production = {
  republishMs: CARD_REISSUE * 1000,
  repairMs: RECORD_REPAIR * 1000,
  createStorage: ({ dht }) => createStorage({ self: () => dht.id }),
  join: joinDirectory,
  lookup: async (directory, id) => {
    try {
      const {
        log,
        card,
        verdict: judged,
      } = await lookup(directory, id, {
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
  repair: async (directory, { log, card, kem }) => {
    const options = { now: seconds(), signal: AbortSignal.timeout(LOOKUP_MS) }
    await checkPublication(directory, { log, card: { signed: card, kem } }, options).catch(async (error: unknown) => {
      if (!(error instanceof HandfastError)) throw error
      await production.publish(directory, { log, card, kem })
    })
  },
  publish: async (directory, { log, card, kem }) => {
    const { accepted, weak } = await publish(
      directory,
      { log, card: { signed: card, kem } },
      AbortSignal.timeout(LOOKUP_MS),
    ).catch((error: unknown) => {
      if (error instanceof HandfastError) return { accepted: 0, weak: true }
      throw error
    })
    return { accepted, weak }
  },
}
