/**
 * What lookups and publications among stock nodes cost beside HyperDHT's own gets and puts of the same values:
 * `node bench/stock-directory.ts [nodes]`. Real nodes on loopback, in this process; medians of 40.
 */

import HyperDHT, { type KeyPair } from 'hyperdht'
import UDX from 'udx-native'
import { encodeAddress } from '../src/core/address.ts'
import { signCard } from '../src/core/card.ts'
import { exportEd25519 } from '../src/core/ed25519.ts'
import { createIdentity } from '../src/core/identity.ts'
import { generateKem } from '../src/core/kem.ts'
import { generatePrivateKey } from '../src/core/p256.ts'
import { signSlotCard } from '../src/core/slot.ts'
import { createStockDirectory } from '../src/directory/stock/stock-directory.ts'
import { systemWorld } from '../src/identity/system-world.ts'
import { guardLoopback } from '../src/network/loopback-guard.ts'
import { createNode } from '../src/network/node.ts'
import { createStockNode } from '../src/network/stock-node.ts'
import { createStockRequests } from '../src/network/stock-requests.ts'

const NODES = 50
const ROUNDS = 40
const GOAL = 2

type Stock = HyperDHT & {
  immutablePut(value: Uint8Array): Promise<unknown>
  immutableGet(hash: Uint8Array): Promise<unknown>
  mutablePut(keyPair: KeyPair, value: Uint8Array, options: { seq: number }): Promise<unknown>
  mutableGet(publicKey: Uint8Array): Promise<unknown>
}

const isStock = (dht: HyperDHT): dht is Stock => 'immutablePut' in dht

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0

/** Datagrams that a node sends while `work` goes on, and how long that takes. */
const measure = async (dht: HyperDHT, work: () => Promise<unknown>) => {
  let sent = 0
  const sockets = [dht.io.serverSocket, dht.io.clientSocket].filter((socket) => socket !== null)
  const before = sockets.map(({ trySend }) => trySend)
  for (const socket of sockets) {
    const { trySend } = socket
    socket.trySend = (...args) => {
      sent += 1
      trySend.apply(socket, args)
    }
  }
  const began = performance.now()
  await work()
  const milliseconds = performance.now() - began
  for (const [index, socket] of sockets.entries()) socket.trySend = before[index] ?? socket.trySend
  return { sent, milliseconds }
}

const repeat = async (dht: HyperDHT, work: (round: number) => Promise<unknown>) => {
  const runs: { sent: number; milliseconds: number }[] = []
  for (let round = 0; round < ROUNDS; round++) runs.push(await measure(dht, () => work(round)))
  return { sent: median(runs.map(({ sent }) => sent)), milliseconds: median(runs.map((run) => run.milliseconds)) }
}

const { random } = systemWorld
const now = (): number => Math.floor(Date.now() / 1000)
const signal = (): AbortSignal => AbortSignal.timeout(60_000)

const makeRecords = (serial: number) => {
  const { identity } = createIdentity(now(), random)
  const { log, sign, slotKey } = identity
  if (slotKey === null) throw new Error('a new identity has its slot')
  const keys = { spk: generatePrivateKey(random).publicKey, kem: generateKem(random).publicKey, transport: random(32) }
  const signed = signCard(log, sign, { device: 0, now: serial, inc: random(16), ...keys })
  return { log, slotKey, card: { signed, kem: keys.kem, slot: signSlotCard(slotKey, signed) } }
}

const first = await createStockNode([])
const size = Number(process.argv[2] ?? NODES)
const nodes = [first, ...(await Promise.all(Array.from({ length: size - 1 }, () => createStockNode([first]))))]
const own = await createNode({ bootstrap: [first] })
const directory = createStockDirectory(createStockRequests(own.dht))
const udx = new UDX()
guardLoopback(udx)
const plain = new HyperDHT({
  udx,
  host: first.host,
  port: [0, 0],
  ephemeral: true,
  firewalled: false,
  bootstrap: [first],
})
await plain.fullyBootstrapped()
if (!isStock(plain)) throw new Error('this is another HyperDHT')

const sets = Array.from({ length: ROUNDS }, () => makeRecords(Date.now()))
const at = (round: number) => sets[round % sets.length] ?? makeRecords(Date.now())
const published = await repeat(own.dht, (round) => directory.publish(at(round), { signal: signal() }))
const puts = await repeat(plain, async (round) => {
  const { log, slotKey, card } = at(round)
  const keyPair = HyperDHT.keyPair(exportEd25519(slotKey))
  await plain.immutablePut(log.last.envelope)
  await plain.mutablePut(keyPair, card.slot.value, { seq: card.slot.seq })
})
const gets = await repeat(plain, async (round) => {
  const { log, slotKey } = at(round)
  await plain.immutableGet(log.id)
  await plain.mutableGet(slotKey.publicKey)
})
const look = (policy: 'first' | 'fresh' | 'thorough') =>
  repeat(own.dht, (round) => directory.lookup(at(round).log.id, { now: now(), signal: signal(), policy }))
const rows = {
  'immutableGet + mutableGet': gets,
  'lookup, first': await look('first'),
  'lookup, fresh': await look('fresh'),
  'lookup, thorough': await look('thorough'),
  'immutablePut + mutablePut': puts,
  publish: published,
}
console.log(`${size} stock nodes on loopback, medians of ${ROUNDS}; ${encodeAddress(at(0).log.id).slice(0, 12)}…`)
console.table(
  Object.fromEntries(
    Object.entries(rows).map(([name, { sent, milliseconds }]) => [
      name,
      { datagrams: sent, ms: Number(milliseconds.toFixed(1)) },
    ]),
  ),
)
const times = (a: typeof gets, b: typeof gets) =>
  `${(a.sent / b.sent).toFixed(2)} times the datagrams, ${(a.milliseconds / b.milliseconds).toFixed(2)} times the time`
console.log(
  `first beside plain gets: ${times(rows['lookup, first'], gets)}; publish beside plain puts: ${times(published, puts)}; wanted: at most ${GOAL}`,
)
await Promise.all([own.close(), plain.destroy({ force: true }), ...nodes.map((node) => node.close())])
