/** Child of stays-on-loopback.test.ts, alone in a network namespace: uses the network in every way there is, and reports counters. */

import { createSocket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import { isIPv4 } from 'node:net'
import type { NodeAddress } from '../../src/directory/network-port.ts'
import { createStorage } from '../../src/directory/node/storage.ts'
import { systemWorld } from '../../src/identity/system-world.ts'
import { type BeaconOptions, createBeacon } from '../../src/network/beacon.ts'
import { joinDirectory } from '../../src/network/directory-plugin.ts'
import type { LanInterface } from '../../src/network/lan-interfaces.ts'
import { entrancesOf, type NetworkChoice } from '../../src/network/network-choice.ts'
import { createNode, type DhtNode } from '../../src/network/node.ts'
import { createTransport } from '../../src/network/transport.ts'
import { openPeer } from '../../src/peer/open.ts'
import type { Peer } from '../../src/peer/peer.ts'
import { addressOf, codeOf, nextOf } from './loopback-network.ts'

export type Report = {
  /** Packets sent on `lo`, and on the cable, while the nodes were at work. */
  readonly loopbackPackets: number
  readonly leaked: number
  readonly framesEchoed: number
  /** What the guards refused. */
  readonly refused: number
  /** Local addresses of UDP sockets outside 127.0.0.0/8, as the kernel lists them. */
  readonly boundElsewhere: readonly string[]
  /** Packets on the cable for one datagram to 192.0.2.1, and for a node that is not told to stay on loopback. */
  readonly controlDatagram: number
  readonly controlUnguarded: number
  /** Packets on the cable of beacons: one on loopback, one of a guarded node that is given the cable to use, and one without a guard. */
  readonly beaconOnLoopback: number
  readonly beaconGuarded: number
  readonly controlBeacon: number
  /** whether the one on loopback was found, and what the guard refused of the other */
  readonly beaconFound: boolean
  readonly beaconRefused: number
  /** What became of a network that was chosen while nothing may leave the machine, and packets on the cable for it. */
  readonly chosen: readonly { readonly code: unknown; readonly packets: number }[]
  /** Packets on the cable for the public network, when nothing forbids it. */
  readonly controlPublic: number
}

const ELSEWHERE = { host: '192.0.2.1', port: 4001 }
const FRAMES = 20

/** Packets transmitted so far: the tenth number of the interface's line. */
const sentOn = (name: string): number => {
  const line = readFileSync('/proc/net/dev', 'utf8')
    .split('\n')
    .find((text) => text.trim().startsWith(`${name}:`))
  const count = line?.split(':')[1]?.trim().split(/\s+/)[9]
  if (count === undefined) throw new Error(`no interface ${name}`)
  return Number(count)
}

/** /proc/net/udp shows an address as a little-endian hexadecimal number: 127.0.0.1 is 0100007F. */
const boundElsewhere = (): string[] =>
  ['/proc/net/udp', '/proc/net/udp6'].flatMap((file) =>
    readIfThere(file)
      .split('\n')
      .slice(1)
      .flatMap((line) => line.trim().split(/\s+/)[1] ?? [])
      .filter((address) => !/^[0-9A-F]{6}7F:/.test(address)),
  )

const readIfThere = (file: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return '' // a kernel without IPv6 has no /proc/net/udp6
  }
}

const useEverything = async (): Promise<{ nodes: DhtNode[]; framesEchoed: number; elsewhere: string[] }> => {
  const first = await createNode({ bootstrap: [], first: true, storage: true })
  const host = '127.0.0.1'
  const bootstrap = [addressOf(first), ELSEWHERE, { host: 'node.example.org', port: 4001 }]
  const storage = await Promise.all(Array.from({ length: 5 }, () => createNode({ bootstrap, host, storage: true })))
  const [alice, bob] = await Promise.all([createNode({ bootstrap, host }), createNode({ bootstrap, host })])
  const nodes = [first, ...storage, alice, bob]
  for (const { dht } of [first, ...storage]) joinDirectory(dht, createStorage())

  for (const node of nodes) {
    node.dht.addNode(ELSEWHERE)
    node.dht.bootstrapNodes = [...node.dht.bootstrapNodes, { host: 'node.example.org', port: 4001 }]
  }
  const asking = nodes.map(({ dht }) => codeOf(dht.ping(ELSEWHERE, { retry: false })))
  await Promise.all(nodes.map(({ dht }) => dht.findNode(dht.table.id, { retries: 0 }).finished()))
  await Promise.all(asking)

  const listening = createTransport(bob, Buffer.alloc(32, 1))
  const incoming = await listening.listen()
  const ours = await createTransport(alice, Buffer.alloc(32, 2)).connect(listening.publicKey)
  const theirs = await nextOf(incoming)
  let framesEchoed = 0
  for (let i = 0; i < FRAMES; i++) {
    await ours.send(new Uint8Array(20_000))
    await theirs.send(await nextOf(theirs.receive()))
    if ((await nextOf(ours.receive())).length === 20_000) framesEchoed++
  }
  const peers = await openPeers(bootstrap[0] ?? ELSEWHERE)
  const elsewhere = boundElsewhere()
  await Promise.all(peers.map((peer) => peer.close()))
  await ours.close()
  return { nodes, framesEchoed, elsewhere }
}

/** Two that look for each other in a network of this machine, like programs that know nothing of this test: their beacon is off. */
const openPeers = async (entrance: NodeAddress): Promise<readonly Peer[]> => {
  const peers = await Promise.all(
    [0, 1].map(async () => openPeer({ network: `${entrance.host}:${entrance.port}`, beacon: true })),
  )
  await Promise.all(peers.map((peer, i) => codeOf(peer.lookup(peers[1 - i]?.address ?? ''))))
  return peers
}

const BOB = new Uint8Array(32).fill(2)
const CABLE: LanInterface = { host: '10.9.0.1', broadcast: '10.9.0.255', contains: () => true }

/** Asks and hears; whether it was found. */
const useBeacon = async (options: Partial<BeaconOptions>): Promise<boolean> => {
  const beacon = createBeacon({ ids: [BOB], port: () => 4_000, world: systemWorld, ...options })
  await beacon.listen()
  const isFound = await beacon.ask(BOB).answered
  beacon.close()
  return isFound
}

const datagramElsewhere = async (): Promise<void> => {
  const socket = createSocket('udp4')
  const { promise, resolve } = Promise.withResolvers<void>()
  socket.send('x', ELSEWHERE.port, ELSEWHERE.host, () => resolve())
  await promise
  socket.close()
}

const counted = async (work: () => Promise<unknown>): Promise<number> => {
  const before = sentOn('cable')
  await work()
  return sentOn('cable') - before
}

/** A peer's node in that network, for a moment. */
const useNetwork = async (choice: NetworkChoice): Promise<void> => {
  // Names would be looked up by threads that nobody can stop.
  const bootstrap = entrancesOf(choice).filter(({ host }) => isIPv4(host))
  const node = await createNode({ bootstrap, stays: true, wide: true, signal: AbortSignal.timeout(1_000) })
  await node.close()
}

/** With and without the permission to leave the machine. */
const chooseNetworks = async () => {
  process.env.HANDFAST_LOOPBACK_ONLY = '1'
  const chosen: { code: unknown; packets: number }[] = []
  for (const kind of ['public', 'lan'] as const) {
    let code: unknown
    const packets = await counted(async () => {
      code = (await codeOf(useNetwork({ kind }))) ?? null
    })
    chosen.push({ code, packets })
  }
  process.env.HANDFAST_LOOPBACK_ONLY = ''
  const controlPublic = await counted(() => codeOf(useNetwork({ kind: 'public' })))
  return { chosen, controlPublic }
}

const networks = await chooseNetworks()
const cable = sentOn('cable')
const loopback = sentOn('lo')
const { nodes, framesEchoed, elsewhere } = await useEverything()
const refused = nodes.reduce((sum, node) => sum + (node.guard?.refused ?? 0), 0)
const guard = nodes[0]?.guard ?? null
const leaked = sentOn('cable') - cable
const loopbackPackets = sentOn('lo') - loopback
let beaconFound = false
const beaconOnLoopback = await counted(async () => {
  beaconFound = await useBeacon({ guard, reach: 'loopback' })
})
const refusedBefore = guard?.refused ?? 0
const beaconGuarded = await counted(() => useBeacon({ guard, interfaces: () => [CABLE] }))
const beaconRefused = (guard?.refused ?? 0) - refusedBefore
await Promise.all(nodes.map((node) => node.close()))
const report: Report = {
  leaked,
  loopbackPackets,
  ...networks,
  framesEchoed,
  refused,
  boundElsewhere: elsewhere,
  beaconFound,
  beaconOnLoopback,
  beaconGuarded,
  beaconRefused,
  controlBeacon: await counted(() => useBeacon({ interfaces: () => [CABLE] })),
  controlDatagram: await counted(datagramElsewhere),
  controlUnguarded: await counted(() =>
    codeOf(createNode({ bootstrap: [ELSEWHERE], signal: AbortSignal.timeout(200) })),
  ),
}
process.stdout.write(JSON.stringify(report))
