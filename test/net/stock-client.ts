import type { TestContext } from 'node:test'
import HyperDHT, { type KeyPair, type Query } from 'hyperdht'
import UDX from 'udx-native'
import type { NodeAddress } from '../../src/directory/network-port.ts'
import { guardLoopback } from '../../src/network/loopback-guard.ts'

/** HyperDHT as others use it, with nothing of Handfast's about it but that it stays on this machine. */
export type StockClient = HyperDHT & {
  immutablePut(value: Uint8Array): Promise<{ readonly hash: Buffer }>
  immutableGet(hash: Uint8Array): Promise<{ readonly value: Buffer } | null>
  mutablePut(keyPair: KeyPair, value: Uint8Array, options?: { seq?: number }): Promise<object>
  mutableGet(publicKey: Uint8Array): Promise<{ readonly value: Buffer; readonly seq: number } | null>
  announce(target: Uint8Array, keyPair: KeyPair, relays: readonly NodeAddress[]): Query
  lookup(target: Uint8Array): Query<{ readonly peers: readonly { readonly publicKey: Buffer }[] }>
}

const isStock = (dht: HyperDHT): dht is StockClient => 'immutablePut' in dht

export const stockClient = async (t: TestContext, bootstrap: readonly NodeAddress[]): Promise<StockClient> => {
  const udx = new UDX()
  guardLoopback(udx)
  const dht = new HyperDHT({ host: '127.0.0.1', port: [0, 0], ephemeral: true, firewalled: false, bootstrap, udx })
  t.after(() => dht.destroy({ force: true }))
  await dht.fullyBootstrapped()
  if (!isStock(dht)) throw new Error('this is another HyperDHT')
  return dht
}
