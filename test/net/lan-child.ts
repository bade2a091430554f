/**
 * Child of lan.test.ts, alone in a network namespace. As Alice it makes the cable, and Bob in a namespace of his own at the other end of
 * it; both have an address of 169.254/16, and nothing else. One JSON report comes of it.
 */

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { decodeAddress } from '../../src/core/address.ts'
import { createIdentity } from '../../src/core/identity.ts'
import { seconds } from '../../src/core/world.ts'
import { createStorage } from '../../src/directory/node/storage.ts'
import { systemWorld } from '../../src/identity/system-world.ts'
import { createBeacon } from '../../src/network/beacon.ts'
import { joinDirectory } from '../../src/network/directory-plugin.ts'
import { createNode } from '../../src/network/node.ts'
import { joinNetwork } from '../../src/peer/join.ts'
import type { Peer } from '../../src/peer/peer.ts'
import { openStore } from '../../src/store/store.ts'

export type Report = {
  /** as the kernel lists it: of both namespaces */
  readonly routes: readonly string[]
  /** what looking Bob up gives without the beacon */
  readonly without: unknown
  /** whether a stranger's address was answered for */
  readonly stranger: boolean
  readonly said: string
  /** where Bob was found */
  readonly found: string
  /** whether Bob's process, whose interface came after it began to hear, was found when he had one */
  readonly late: boolean
}

// Each runs in a network namespace of its own, with nothing beyond the cable between them.
process.env.HANDFAST_LOOPBACK_ONLY = ''

const ALICE = '169.254.7.1'
const BOB = '169.254.7.2'

const ip = (...args: readonly string[]): string => execFileSync('ip', args, { encoding: 'utf8' })
const raise = (name: string, host: string): void => {
  ip('address', 'add', `${host}/16`, 'brd', '+', 'dev', name)
  ip('link', 'set', name, 'up')
  // By way of it a machine talks to itself.
  ip('link', 'set', 'lo', 'up')
}
/** A network of one node in this process, and a peer on it: what everybody has who has nothing else. */
const openAlone = async (host: string, beacon: boolean): Promise<Peer> => {
  const node = await createNode({ bootstrap: [], first: true, host, storage: true })
  joinDirectory(node.dht, createStorage())
  const network = { kind: 'own', nodes: [{ host, port: node.port }] } as const
  const { identity } = createIdentity(seconds(systemWorld), systemWorld.random)
  const own = { identity, store: openStore(null), network, release: () => {}, early: [] }
  return joinNetwork(own, { host, beacon })
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : error)

const runBob = async (): Promise<void> => {
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
  const say = (text: string): void => void process.stdout.write(`${text}\n`)
  const lateId = Uint8Array.from(String((await lines.next()).value).split(','), Number)
  const late = createBeacon({ ids: [lateId], port: () => 4_000, world: systemWorld })
  await late.listen()
  say('hears')
  await lines.next()
  raise('bob', BOB)
  say('up')
  const peer = await openAlone(BOB, true)
  await peer.listen()
  say(peer.address)
  say(ip('route', 'show', 'default').trim())
  for await (const { from, text } of peer.messages) await peer.messages.send(from, `you said: ${text}`)
}

const runAlice = async (): Promise<Report> => {
  ip('link', 'add', 'alice', 'type', 'veth', 'peer', 'name', 'bob')
  const child = spawn('unshare', ['--net', process.execPath, import.meta.filename, 'bob'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async (): Promise<string> => String((await lines.next()).value)
  const lateId = systemWorld.random(32)
  child.stdin.write(`${lateId.join(',')}\n`)
  await next()
  ip('link', 'set', 'bob', 'netns', `${child.pid}`)
  raise('alice', ALICE)
  child.stdin.write('go\n')
  await next()
  // The first frames wait for the cable.
  const scout = createBeacon({ ids: [], port: () => 0, world: systemWorld })
  /** Asks until somebody answers: on a machine that is busy an answer may come after the 1.5 s of one asking. */
  const find = async (id: Uint8Array): Promise<string> => {
    const asking = scout.ask(id)
    const hosts: string[] = []
    asking.listen(({ host }) => hosts.push(host))
    await asking.answered
    return hosts[0] ?? find(id)
  }
  const late = (await find(lateId)) === BOB

  const bob = await next()
  const routes = [await next(), ip('route', 'show', 'default').trim()]
  const quiet = await openAlone(ALICE, false)
  const without = await quiet.lookup(bob).then(() => 'found', codeOf)
  await quiet.close()
  const [stranger, found] = await Promise.all([scout.ask(systemWorld.random(32)).answered, find(decodeAddress(bob))])

  const alice = await openAlone(ALICE, true)
  await alice.listen()
  await alice.messages.send(bob, 'hello')
  const { value } = await alice.messages[Symbol.asyncIterator]().next()
  child.kill('SIGKILL')
  await once(child, 'exit')
  return { routes, without, stranger, found, late, said: String(value?.text) }
}

if (process.argv[2] === 'bob') await runBob()
else {
  process.stdout.write(JSON.stringify(await runAlice()))
  process.exit()
}
