import { writeFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { type Command, endCommands } from './command.ts'
import { codeOf } from './conversation.ts'
import { createInternet, type Internet, type Site } from './internet.ts'
import { FORWARDING, kindOf } from './kinds.ts'
import { ip, nft, removeNamespaces } from './namespaces.ts'
import { makePerson, type Network, type Person, startNode, startNodeAtHome, startNodes, startPerson } from './people.ts'
import type { ScenarioName } from './scenario-names.ts'

/** What happens to networks while people talk: Alice calls, Bob is called, both behind port-restricted NATs; Carol comes later. */

type Stage = {
  readonly internet: Internet
  readonly network: Network
  readonly sites: Readonly<Record<'alice' | 'bob' | 'carol', Site>>
  readonly alice: Command
  readonly bob: Command
  readonly bobIs: Person
}

export type Result = { readonly passed: boolean; readonly text: string }

type Scenario = (stage: Stage) => Promise<Result>

/** Milliseconds that somebody waits at most. */
const PATIENCE_MS = 180_000
const ASLEEP_MS = 200_000

const since = (began: number): string => `${((performance.now() - began) / 1000).toFixed(1)} s`

/** Until something Alice says after this is on Bob's disk. */
const spoken = async (command: Command, words: string, patience = PATIENCE_MS): Promise<boolean> => {
  const after = command.told.length
  command.type(words)
  const delivered = await command.next(({ event, state }) => event === 'delivery' && state === 'delivered', {
    ...{ after, signal: AbortSignal.timeout(patience) },
  })
  return delivered !== null
}

const says = async (command: Command, words: string, what: string): Promise<Result> => {
  const began = performance.now()
  const passed = await spoken(command, words)
  return { passed, text: `${what} ${passed ? 'delivered' : 'not delivered'} after ${since(began)}` }
}

/** A newcomer calls Bob until they are connected. */
const calls = async ({ sites, network, bobIs }: Stage): Promise<Result> => {
  const began = performance.now()
  for (let tries = 1; ; tries++) {
    const carol = await makePerson(sites.carol.hosts[0] ?? '')
    const chat = startPerson(carol, network.list, ['chat', bobIs.address])
    const signal = AbortSignal.timeout(PATIENCE_MS)
    const connected = (await chat.next(({ event }) => event === 'connected', { signal })) !== null
    const code = codeOf(chat)
    await chat.end('SIGKILL')
    const late = performance.now() - began > PATIENCE_MS
    if (connected || late)
      return {
        passed: connected,
        text: `somebody new ${connected ? 'connected' : 'not connected'} after ${since(began)}, ${tries} tries${code === null ? '' : `, the last ended with ${code}`}`,
      }
  }
}

const both = async (...results: readonly Promise<Result>[]): Promise<Result> => {
  const all = await Promise.all(results)
  return { passed: all.every(({ passed }) => passed), text: all.map(({ text }) => text).join('; ') }
}

/** Many words and a file: datagrams as large as they get. */
const bulk = async ({ alice, bobIs }: Stage): Promise<Result> => {
  const began = performance.now()
  writeFileSync('/run/bulk', 'bulk'.repeat(250_000))
  for (let line = 0; line < 10; line++)
    if (!(await spoken(alice, 'word '.repeat(2_000)))) return { passed: false, text: `line ${line} did not arrive` }
  const after = alice.told.length
  alice.type('/file /run/bulk')
  const ended = await alice.next(({ event }) => event === 'file-sent' || event === 'file-failed', {
    ...{ after, signal: AbortSignal.timeout(PATIENCE_MS) },
  })
  const passed = ended?.event === 'file-sent'
  return {
    passed,
    text: `100 kB of messages and a file of 1 MB to ${bobIs.host} ${passed ? '' : 'not '}after ${since(began)}`,
  }
}

/** The cable of a site to the Internet takes no larger packets. */
const narrow = ({ internet, sites }: Stage): void => {
  ip(internet.router, [`link set net${sites.bob.number} mtu 1280`])
  ip(sites.bob.gateway, ['link set wan mtu 1280'])
}

/** The provider gives a home another address: what its NAT knew is gone. */
const move = ({ gateway, number }: Site): void =>
  ip(gateway, [
    ...['address flush dev wan', `address add 44.128.${number}.3/24 dev wan`],
    `route add default via 44.128.${number}.1`,
  ])

const lose = ({ internet }: Stage, percent: number): void =>
  void nft(internet.router, `add rule ip path loss numgen random mod 100 < ${percent} drop`)

const restart = async ({ network }: Stage): Promise<void> => {
  await Promise.all(network.nodes.map((node) => node.end('SIGKILL')))
  for (const index of network.nodes.keys()) startNode(network.hosts, index)
}

const DO: Readonly<Record<ScenarioName, Scenario>> = {
  mtu: (stage) => {
    narrow(stage)
    return both(bulk(stage), calls(stage))
  },
  'mtu-silent': (stage) => {
    nft(stage.internet.router, 'add rule ip path silence icmp type destination-unreachable drop')
    narrow(stage)
    return both(bulk(stage), calls(stage))
  },
  'loss-1': (stage) => {
    lose(stage, 1)
    return both(bulk(stage), calls(stage))
  },
  'loss-5': (stage) => {
    lose(stage, 5)
    return both(bulk(stage), calls(stage))
  },
  'address-caller': (stage) => {
    move(stage.sites.alice)
    return says(stage.alice, 'from elsewhere', 'the next message')
  },
  'address-called': (stage) => {
    move(stage.sites.bob)
    return both(says(stage.alice, 'to elsewhere', 'the next message'), calls(stage))
  },
  'nodes-restart': async (stage) => {
    await restart(stage)
    return both(says(stage.alice, 'still here', 'the next message'), calls(stage))
  },
  'node-dies': async (stage) => {
    await stage.network.nodes[2]?.end('SIGKILL')
    return both(says(stage.alice, 'still here', 'the next message'), calls(stage))
  },
  'asleep-200': async (stage) => {
    const { bob, alice } = stage
    bob.child.kill('SIGSTOP')
    await delay(ASLEEP_MS)
    bob.child.kill('SIGCONT')
    return both(says(alice, 'awake', 'the next message'), calls(stage))
  },
  'node-at-home': (stage) => both(says(stage.alice, 'hello again', 'the next message'), calls(stage)),
  'relay-dies': async ({ network, alice, bob }) => {
    await network.nodes.at(-1)?.end('SIGKILL')
    const began = performance.now()
    const notice = (command: Command): Promise<unknown> =>
      command.next(({ event }) => event === 'disconnected', { signal: AbortSignal.timeout(PATIENCE_MS) })
    const told = (await Promise.all([alice, bob].map(notice))).every((one) => one !== null)
    const passed = told && [alice, bob].every(({ child }) => child.exitCode === null && child.signalCode === null)
    return {
      passed,
      text: `both sides ${passed ? 'noticed it and went on' : 'did not both notice'} after ${since(began)}`,
    }
  },
}

type SetUp = {
  readonly kind?: string
  readonly start?: (internet: Internet) => Promise<Network>
}

const setUp = async ({ kind = 'port', start = (internet) => startNodes(internet, 5) }: SetUp): Promise<Stage> => {
  const internet = createInternet()
  const network = await start(internet)
  const site = (name: string): Site => internet.addSite(name, kindOf(kind))
  const sites = { alice: site('alice'), bob: site('bob'), carol: site('carol') }
  const [aliceIs, bobIs] = [await makePerson('alice'), await makePerson('bob')]
  const relay = network.relay === null ? [] : ['--relay-through', network.relay]
  const listening = ({ event }: { event: string }): boolean => event === 'listening'
  const bob = startPerson(bobIs, network.list, ['listen', '--accept-files', '--download', '/run/downloads', ...relay])
  await bob.next(listening)
  const alice = startPerson(aliceIs, network.list, ['listen', '--to', bobIs.address])
  await alice.next(listening)
  // A stranger that Bob lets in: files are for contacts.
  void bob.next(({ event }) => event === 'request').then((asked) => bob.type(`/accept ${asked?.id}`))
  if (!(await spoken(alice, 'hello'))) throw new Error(`the two cannot talk to begin with: ${alice.stderr()}`)
  return { internet, network, sites, alice, bob, bobIs }
}

const SET_UPS: Readonly<Partial<Record<ScenarioName, SetUp>>> = {
  'node-at-home': { start: (internet) => startNodeAtHome(internet.addSite('home', FORWARDING)) },
  'relay-dies': { kind: 'sym', start: (internet) => startNodes(internet, 3, { relay: true }) },
}

/** In an Internet of its own, which is gone afterwards. */
export const runScenario = async (name: ScenarioName): Promise<Result> => {
  try {
    const stage = await setUp(SET_UPS[name] ?? {})
    const result = await DO[name](stage)
    // What the two told says why.
    if (!result.passed)
      for (const { told } of [stage.alice, stage.bob])
        process.stderr.write(`${told.map((one) => JSON.stringify(one)).join('\n')}\n\n`)
    return result
  } finally {
    endCommands()
    removeNamespaces()
  }
}
