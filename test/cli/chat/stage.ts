import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { initialize } from '../../../src/identity/initialize.ts'
import { openPeer } from '../../../src/peer/open.ts'
import type { Peer } from '../../../src/peer/peer.ts'
import type { PeerEvent } from '../../../src/peer/peer-events.ts'
import { eventOf, said } from '../../messages/told.ts'
import { createDht } from '../dht.ts'

/** A network, Alice's data folder, and peers who talk to her. */

export type Stage = {
  readonly dir: string
  readonly network: string
  readonly alice: string
  readonly addressOfAlice: string
}

export const prepare = async (t: TestContext): Promise<Stage> => {
  const dir = mkdtempSync(join(tmpdir(), 'handfast-cli-'))
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  const alice = join(dir, 'alice')
  const [dht, { address }] = await Promise.all([createDht(t), initialize(alice)])
  return { dir, network: dht.get('node') ?? '', alice, addressOfAlice: address }
}

export const openBob = async (t: TestContext, network: string, listen = true): Promise<Peer> => {
  const bob = await openPeer({ network, listen })
  t.after(() => bob.close())
  return bob
}

export type Of<T extends PeerEvent['type']> = Extract<PeerEvent, { type: T }>

/** The next time that happens to a peer. */
export const next = <T extends PeerEvent['type']>(peer: Peer, type: T): Promise<Of<T>> =>
  eventOf(peer, (event): event is Of<T> => event.type === type)

/** The next thing that a command wrote to this peer. */
export const textOf = async (peer: Peer): Promise<unknown> => said(await peer.messages.receive())
