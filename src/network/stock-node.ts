import { once } from 'node:events'
import HyperDHT from 'hyperdht'
import UDX from 'udx-native'
import type { NodeAddress } from '../directory/network-port.ts'
import { discard } from './bootstrap-probe.ts'
import { freePort } from './free-port.ts'
import { guardLoopback, type LoopbackGuard } from './loopback-guard.ts'

/**
 * A node of HyperDHT as anybody runs it, which knows nothing of Handfast: what a network of strangers consists of. It is for tests and the
 * demo, and so it cannot leave 127.0.0.0/8.
 */
export type StockNode = NodeAddress & { readonly dht: HyperDHT; readonly guard: LoopbackGuard; close(): Promise<void> }

const HOST = '127.0.0.1'

/** @param bootstrap nodes of the network to join; empty for its first node */
export const createStockNode = async (bootstrap: readonly NodeAddress[]): Promise<StockNode> => {
  const udx = new UDX()
  const guard = guardLoopback(udx)
  const dht = await start(udx, bootstrap)
  const port = dht.io.serverSocket?.address()?.port ?? 0
  return { dht, guard, host: HOST, port, close: () => discard(dht) }
}

const start = async (udx: UDX, bootstrap: readonly NodeAddress[]): Promise<HyperDHT> => {
  const settings = { udx, host: HOST, ephemeral: false, firewalled: false }
  // The first one is persistent from the beginning, and so has to know its port; the others find their address out.
  const dht =
    bootstrap.length === 0
      ? HyperDHT.bootstrapper(await freePort(udx, HOST), HOST, { ...settings, bootstrap })
      : new HyperDHT({ ...settings, port: [0, 0], bootstrap })
  dht.on('error', () => undefined)
  try {
    const persistent = bootstrap.length === 0 ? undefined : once(dht, 'persistent')
    await Promise.all([dht.fullyBootstrapped(), persistent])
    return dht
  } catch (error) {
    await discard(dht)
    throw error
  }
}
