import { beaconKey, type Endpoint } from '../core/beacon.ts'
import type { RandomBytes } from '../core/bytes.ts'
import { BEACON_AGAIN_MS, BEACON_OPEN_MS } from '../core/limits/beacon-limits.ts'
import type { NodeAddress } from '../directory/network-port.ts'
import type { Scene } from './beacon-hearing.ts'
import { createQuestions, type Questions } from './beacon-questions.ts'
import type { Asker } from './beacon-sockets.ts'
import type { LanInterface } from './lan-interfaces.ts'

/** A peer is asked for: what comes of it, for 1.5 s. */
export type Asking = {
  /** Calls back for each endpoint, at most four, those that are known already too: each is a claim until its holder has proved the key. */
  listen(listener: (at: NodeAddress) => void): void
  /** Resolves with whether somebody answered: with the first answer, or when none will be taken any more. */
  readonly answered: Promise<boolean>
  /** Resolves when no answer will be taken any more. */
  readonly ended: Promise<void>
}

export type OpenAsking = Asking & { end(): void }

/** Puts the question on every interface, again and again, also on those that have come meanwhile. */
const putQuestions = (
  { sockets, interfaces, beaconPort }: Scene,
  questions: Questions,
  onFound: (at: NodeAddress) => void,
) => {
  const askers = new Map<string, Asker>()
  let isOver = false
  const hear = (bytes: Uint8Array, { host }: Endpoint, { contains }: LanInterface): void => {
    const at = isOver ? null : questions.hear(bytes, host, contains)
    if (at !== null) onFound(at)
  }
  const askerOn = async (at: LanInterface): Promise<Asker | undefined> => {
    const known = askers.get(at.host)
    if (known !== undefined) return known
    const asker = await sockets.openAsker(at, (bytes, from) => hear(bytes, from, at))
    if (asker === null) return undefined
    if (isOver || askers.has(at.host)) asker.close()
    else askers.set(at.host, asker)
    return askers.get(at.host)
  }
  const put = (): void => {
    for (const at of interfaces())
      void askerOn(at).then((asker) => {
        if (!isOver) asker?.send(questions.ask(asker.at), beaconPort)
      })
  }
  put()
  const timers = BEACON_AGAIN_MS.map((milliseconds) => setTimeout(put, milliseconds).unref())
  return () => {
    isOver = true
    for (const timer of timers) clearTimeout(timer)
    for (const asker of askers.values()) asker.close()
  }
}

/** @param id 32 B @param onEnd called once, when it has ended */
export const startAsking = (scene: Scene, random: RandomBytes, id: Uint8Array, onEnd: () => void): OpenAsking => {
  const found: NodeAddress[] = []
  const listeners: ((at: NodeAddress) => void)[] = []
  const { promise: answered, resolve: answer } = Promise.withResolvers<boolean>()
  const { promise: ended, resolve: over } = Promise.withResolvers<void>()
  const stopQuestions = putQuestions(scene, createQuestions(beaconKey(id), random), (at) => {
    found.push(at)
    for (const listener of listeners) listener(at)
    answer(true)
  })
  const end = (): void => {
    clearTimeout(timer)
    stopQuestions()
    answer(false)
    over()
    onEnd()
  }
  const timer = setTimeout(end, BEACON_OPEN_MS)
  return {
    answered,
    ended,
    end,
    listen: (listener) => {
      listeners.push(listener)
      for (const at of found) listener(at)
    },
  }
}
