/**
 * What a crowd can do to a peer: `node bench/crowd.ts [streams] [networks] [deliveries]`. Bob is one process, a DHT another, and the crowd a third one, with a
 * node in each network 127.x.0.0/24: it wants that many streams to him at all times, a third of which say nothing, a third begin the
 * handshake and stop, and a third finish it and say nothing more; whoever is sent away comes back after a second. In this process are contacts and
 * strangers, who in turn connect to Bob anew, bring him a message and go: first while it is quiet, then in the crowd. Prints one line of JSON: how many
 * messages were brought, how many of them in twice the time that the slowest tenth took while it was quiet, milliseconds, what part of a core Bob
 * used, and his memory, MB.
 */

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { constants, setPriority } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { ONE_HEAP, SMALL_HEAP } from '../src/cli/heap-flags.ts'
import { openChannel } from '../src/connection/channel.ts'
import { initiateLive } from '../src/connection/live-handshake.ts'
import { decodeAddress } from '../src/core/address.ts'
import { createIdentity } from '../src/core/identity.ts'
import type { KeyLog } from '../src/core/key-log.ts'
import { seconds } from '../src/core/world.ts'
import { lookup } from '../src/directory/client/lookup.ts'
import { createStorage } from '../src/directory/node/storage.ts'
import { systemWorld } from '../src/identity/system-world.ts'
import { openPeer } from '../src/index.ts'
import { joinDirectory } from '../src/network/directory-plugin.ts'
import type { FrameStream } from '../src/network/frame-stream.ts'
import { createNode } from '../src/network/node.ts'
import { parseNodes } from '../src/network/node-list.ts'
import { createTransport } from '../src/network/transport.ts'
import type { Peer } from '../src/peer/peer.ts'
import { createTestNetwork } from '../src/testing.ts'

/** Contacts who bring messages, each from a network of its own; strangers as many as keep each below the rate at which a network is answered. */
const CONTACTS = 4
const STRANGERS = 16
/** Milliseconds after which a message that has not arrived counts as lost. */
const PATIENCE_MS = 20_000
const PAUSE_MS = 1_000

const [role = '', ...rest] = process.argv.slice(2)

const say = (message: object): void => void process.send?.(message)

const beDht = async (): Promise<void> => {
  const { network } = await createTestNetwork()
  say({ network })
}

/** Bob: takes all messages, and tells his memory when he is asked for it. */
const beBob = async (network: string): Promise<void> => {
  const bob = await openPeer({ network })
  let peak = 0
  setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss())
  }, 50).unref()
  process.on('message', async (asked: { readonly contacts?: readonly string[] }) => {
    for (const address of asked.contacts ?? []) await bob.addContact(address)
    say({
      at: performance.now(),
      processor: process.cpuUsage().user + process.cpuUsage().system,
      now: process.memoryUsage.rss() / 2 ** 20,
      peak: peak / 2 ** 20,
    })
  })
  say({ address: bob.address })
  for await (const _ of bob.messages);
}

type Target = { readonly transport: Uint8Array; readonly log: KeyLog }

/** What one of the crowd does on its stream before it falls silent; three kinds in turn. */
const act = async (stream: FrameStream, kind: number, { log: known }: Target): Promise<void> => {
  if (kind === 0) return
  const channel = openChannel(stream)
  if (kind === 1) {
    await channel.send({ t: 'open', v: 1, id: known.id, head: null })
    await channel.expect('card', PATIENCE_MS)
    return
  }
  const { identity } = createIdentity(seconds(systemWorld), systemWorld.random)
  await initiateLive(channel, {
    identity: { ...identity, inc: systemWorld.random(16) },
    ...{ known, floor: null, world: systemWorld },
  })
}

/** The crowd. */
const beCrowd = async (network: string, address: string, streams: number, networks: number): Promise<void> => {
  // What it costs itself must not come out of Bob's share of this machine.
  setPriority(constants.priority.PRIORITY_BELOW_NORMAL)
  const told = { came: 0, refused: 0, here: 0, most: 0 }
  const join = async (index: number) => {
    const node = await createNode({ bootstrap: parseNodes(network), host: `127.${100 + index}.0.1` })
    return { node, transport: createTransport(node, systemWorld.random(32)) }
  }
  const nodes = await Promise.all(Array.from({ length: networks }, (_, index) => join(index)))
  const [first] = nodes
  if (first === undefined) return
  const directory = joinDirectory(first.node.dht, createStorage())
  const options = { now: seconds(systemWorld), signal: AbortSignal.timeout(PATIENCE_MS) }
  const { log, card } = await lookup(directory, decodeAddress(address), options)
  if (card === null) throw new Error('Bob has no card')
  const target = { log, transport: card.card.transport }

  const stay = async (stream: FrameStream, kind: number): Promise<void> => {
    told.came += 1
    told.here += 1
    told.most = Math.max(told.most, told.here)
    await act(stream, kind, target).catch(() => stream.destroy())
    // Until it is sent away.
    await stream
      .receive()
      .next()
      .catch(() => {})
    stream.destroy()
    told.here -= 1
  }
  const press = async (index: number): Promise<never> => {
    const { transport } = nodes[index % networks] ?? first
    for (;;) {
      const stream = await transport.connect(target.transport, { anonymous: true }).catch(() => null)
      if (stream === null) told.refused += 1
      else await stay(stream, Math.floor(index / networks) % 3)
      await delay(PAUSE_MS)
    }
  }
  process.on('message', () => say(told))
  say({ ready: true })
  await Promise.all(Array.from({ length: streams }, (_, index) => press(index)))
}

/** Bob's memory is that of `handfast listen`. */
const SMALL = { execArgv: SMALL_HEAP, env: { ...process.env, ...ONE_HEAP } }

const start = async (role: string, ...args: readonly (string | number)[]) => {
  const options = { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] as const, ...(role === 'bob' ? SMALL : {}) }
  const child = fork(import.meta.filename, [role, ...args.map(String)], { ...options, stdio: [...options.stdio] })
  const next = async (): Promise<Record<string, unknown>> => (await once(child, 'message'))[0]
  const ask = (question: object): ReturnType<typeof next> => {
    child.send(question)
    return next()
  }
  return { child, first: await next(), ask }
}

/** Connects anew, brings one message, and goes. @returns milliseconds; null when it did not arrive */
const bring = async (from: Peer, to: string): Promise<number | null> => {
  const begun = performance.now()
  const patience = AbortSignal.timeout(PATIENCE_MS)
  try {
    const connection = await from.connect(to, { signal: patience })
    const { id } = await from.messages.send(to, 'hello')
    for await (const event of from.events({ signal: patience }))
      if (event.type === 'delivery' && event.message.id === id && event.message.state === 'delivered') break
    const took = performance.now() - begun
    await connection.close()
    return patience.aborted ? null : took
  } catch {
    return null
  }
}

const round = async (people: readonly Peer[], to: string, count: number): Promise<readonly (number | null)[]> => {
  const times: (number | null)[] = []
  for (let index = 0; index < count; index++) {
    const one = people[index % people.length]
    if (one !== undefined) times.push(await bring(one, to))
  }
  return times
}

const at = (times: readonly (number | null)[], share: number): number =>
  times.map((time) => time ?? Number.POSITIVE_INFINITY).toSorted((a, b) => a - b)[
    Math.ceil(times.length * share) - 1
  ] ?? 0

const figures = (times: readonly (number | null)[], quiet: readonly (number | null)[]): object => ({
  sent: times.length,
  brought: times.filter((time) => time !== null).length,
  inTime: times.filter((time) => time !== null && time <= 2 * at(quiet, 0.9)).length,
  median: Math.round(at(times, 0.5)),
  p90: Math.round(at(times, 0.9)),
  slowest: Math.round(at(times, 1)),
})

/** The part of a core that a process used between two answers. */
const usage = (from: Record<string, unknown>, to: Record<string, unknown>): number =>
  Math.round((Number(to.processor) - Number(from.processor)) / (Number(to.at) - Number(from.at)) / 10) / 100

/** A crowd is there when so many of each network came and every stream was sent away once; for so long it is waited for, milliseconds. */
const CAME_OF_NETWORK = 6
const CROWD_MS = 300_000
const LOOK_MS = 2_000

const measure = async (streams: number, networks: number, deliveries: number): Promise<object> => {
  const dht = await start('dht')
  const network = String(dht.first.network)
  const children: ChildProcess[] = [dht.child]
  const open = (host: string): Promise<Peer> => openPeer({ network, host })
  const people = (net: number, length: number): Promise<Peer[]> =>
    Promise.all(Array.from({ length }, (_, index) => open(`127.${net}.${index}.1`)))
  const [contacts, strangers] = [await people(50, CONTACTS), await people(60, STRANGERS)]
  try {
    const bob = await start('bob', network)
    children.push(bob.child)
    const address = String(bob.first.address)
    const empty = await bob.ask({ contacts: contacts.map((one) => one.address) })
    const quiet = {
      contacts: await round(contacts, address, deliveries),
      strangers: await round(strangers, address, deliveries),
    }
    const before = await bob.ask({})
    const crowd = await start('crowd', network, address, streams, networks)
    children.push(crowd.child)
    // On a busy machine it takes a crowd long to be one.
    const isThere = ({ came, refused }: Record<string, unknown>): boolean =>
      Number(came) > CAME_OF_NETWORK * networks && Number(refused) > streams
    for (let waited = 0; waited < CROWD_MS && !isThere(await crowd.ask({})); waited += LOOK_MS) await delay(LOOK_MS)
    const begun = await bob.ask({})
    const pressed = {
      contacts: await round(contacts, address, deliveries),
      strangers: await round(strangers, address, deliveries),
    }
    const [after, told] = [await bob.ask({}), await crowd.ask({})]
    const memory = [empty.now, before.now, after.peak].map((value) => Math.round(Number(value)))
    return {
      ...{ streams, networks, crowd: told },
      contacts: { quiet: figures(quiet.contacts, quiet.contacts), crowd: figures(pressed.contacts, quiet.contacts) },
      strangers: {
        quiet: figures(quiet.strangers, quiet.strangers),
        crowd: figures(pressed.strangers, quiet.strangers),
      },
      processor: { quiet: usage(empty, before), crowd: usage(begun, after) },
      memory: { empty: memory[0], quiet: memory[1], most: memory[2] },
    }
  } finally {
    await Promise.all([...contacts, ...strangers].map((one) => one.close()))
    for (const child of children) child.kill('SIGKILL')
  }
}

const [network = '', address = '', streams = '1000', networks = '16'] = rest
if (role === 'dht') await beDht()
else if (role === 'bob') await beBob(network)
else if (role === 'crowd') await beCrowd(network, address, Number(streams), Number(networks))
else {
  const [many = '1000', from = '16', deliveries = '100'] = process.argv.slice(2)
  console.log(JSON.stringify(await measure(Number(many), Number(from), Number(deliveries))))
  process.exit()
}
