/**
 * Finds peers on the local network by their addresses, with no internet and no list of nodes, and lets oneself be found
 * (docs/spec/lan.md). Who does not know an address learns neither whom somebody looks for nor who is there.
 */

import { beaconKey } from '../core/beacon.ts'
import { hex } from '../core/bytes.ts'
import { BEACON_ASKING_MAX, BEACON_PORT } from '../core/limits/beacon-limits.ts'
import type { World } from '../core/world.ts'
import { type AnswerCounts, createAnswerer } from './beacon-answerer.ts'
import { type Asking, type OpenAsking, startAsking } from './beacon-asking.ts'
import { type Hearing, type Scene, startHearing } from './beacon-hearing.ts'
import { createBeaconSockets } from './beacon-sockets.ts'
import { type LanInterface, lanInterfaces, type Reach } from './lan-interfaces.ts'
import type { LoopbackGuard } from './loopback-guard.ts'

export type { Asking } from './beacon-asking.ts'

export type Beacon = {
  /** Asks for whoever stands for `id` (32 B); who asks for the same one meanwhile has the same asking. */
  ask(id: Uint8Array): Asking
  /** From now on questions for one's own ids are answered. Resolves once it hears them, or cannot: the port may be another's. */
  listen(): Promise<void>
  /** What was asked of this side. */
  readonly counts: AnswerCounts
  close(): void
}

export type BeaconOptions = {
  /** 32 B each: whom this peer stands for; all of them are tried at every question */
  readonly ids: readonly Uint8Array[]
  /** UDP port of the DHT node that answers lead to; 0 while it has none */
  readonly port: () => number
  readonly world: Pick<World, 'clock' | 'counting' | 'random'>
  /** of a node that is kept on this machine */
  readonly guard?: Pick<LoopbackGuard, 'admit'> | null | undefined
  /** Default: local networks. `loopback` is for peers on one machine. */
  readonly reach?: Reach | undefined
  /** of the questions; default: 18502 */
  readonly beaconPort?: number | undefined
  /** Default: those of the system, at that moment. */
  readonly interfaces?: (() => readonly LanInterface[]) | undefined
}

const NOBODY: Asking = { listen: () => {}, answered: Promise.resolve(false), ended: Promise.resolve() }

export const createBeacon = (options: BeaconOptions): Beacon => {
  const { ids, port, world, guard = null, reach = 'lan', beaconPort = BEACON_PORT } = options
  const interfaces = options.interfaces ?? ((): readonly LanInterface[] => lanInterfaces(reach))
  const now = world.counting ?? world.clock
  const scene: Scene = { sockets: createBeaconSockets(guard), interfaces, reach, beaconPort, now }
  const answerer = createAnswerer({ keys: ids.map(beaconKey), port, now })
  const open = new Map<string, OpenAsking>()
  let hearing: Hearing | undefined
  let isClosed = false

  return {
    counts: answerer.counts,
    ask: (id) => {
      const name = hex(id)
      const known = open.get(name)
      if (known !== undefined) return known
      if (isClosed || open.size >= BEACON_ASKING_MAX) return NOBODY
      const asking = startAsking(scene, world.random, id, () => open.delete(name))
      open.set(name, asking)
      return asking
    },
    listen: async () => {
      if (isClosed) return
      hearing ??= startHearing(scene, answerer)
      await hearing.begun
    },
    close: () => {
      isClosed = true
      for (const asking of open.values()) asking.end()
      hearing?.stop()
    },
  }
}
