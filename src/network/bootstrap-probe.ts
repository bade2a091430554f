/**
 * Finds out which nodes of a bootstrap list answer, before HyperDHT is given them: with all of them silent it needs 6 s to
 * notice and reports nothing, with one silent out of two it takes 16 s to start.
 */

import { isIPv4 } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import HyperDHT from 'hyperdht'
import type UDX from 'udx-native'
import { orAbort } from '../core/abort.ts'
import type { NodeAddress } from '../directory/network-port.ts'

/** How long the list has to answer at all, milliseconds. */
const ANSWER_MS = 4_500
const ANSWER_LOOPBACK_MS = 2_000
/** The same for a node that goes on asking them by itself: when all of a network start at once, nobody is there before others have given up. */
const ANSWER_STAYS_MS = 2_500
/** How long the others have after the first answer, milliseconds: a node that is merely slow is met later anyway. */
const GRACE_MS = 400
const GRACE_LOOPBACK_MS = 100

/**
 * Pings every node of the list from a socket on `host`; resolves with the IPv4 addresses of those that answered.
 * Rejects when `host` cannot be bound, and with the signal's reason.
 */
export const answeringNodes = async (
  udx: UDX,
  host: string,
  nodes: readonly NodeAddress[],
  {
    loopback,
    stays = false,
    signal,
  }: { readonly loopback: boolean; readonly stays?: boolean | undefined; readonly signal?: AbortSignal | undefined },
): Promise<readonly NodeAddress[]> => {
  const scout = new HyperDHT({ udx, host, port: [0, 0], bootstrap: [], ephemeral: true, firewalled: false })
  const stop = new AbortController()
  const wait = (ms: number) => delay(ms, undefined, { signal: stop.signal })
  try {
    await scout.fullyBootstrapped()
    const live: NodeAddress[] = []
    const answers = nodes.map(async (node) => live.push(await ask(scout, node)))
    const everyone = Promise.allSettled(answers)
    const first = Promise.any(answers).then(
      () => wait(loopback ? GRACE_LOOPBACK_MS : GRACE_MS),
      () => undefined,
    )
    const patience = loopback ? ANSWER_LOOPBACK_MS : stays ? ANSWER_STAYS_MS : ANSWER_MS
    await orAbort(Promise.race([everyone, first, wait(patience)]), signal)
    return [...live]
  } finally {
    stop.abort()
    await discard(scout)
  }
}

const ask = async (scout: HyperDHT, { host, port }: NodeAddress): Promise<NodeAddress> => {
  // Look-ups share four threads, where slow ones would hold up addresses that need none.
  const address = { host: isIPv4(host) ? host : (await scout.udx.lookup(host, { family: 4 })).host, port }
  await scout.ping(address)
  return address
}

/** Destroys a node at once, whatever state it is in. */
export const discard = async (dht: HyperDHT): Promise<void> => {
  // When binding failed, destroy() rejects with that error and leaves the interface watcher open.
  await dht.destroy({ force: true }).catch(() => undefined)
  await dht.io.networkInterfaces.destroy()
}
