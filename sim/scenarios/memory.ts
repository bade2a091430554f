/** What a real storage node needs, over real UDP on this machine: a process of its own, filled from this one. Nothing here is simulated. */

import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { kemHalves } from '../../src/core/kem.ts'
import type { DirectoryNetwork } from '../../src/directory/network-port.ts'
import { createStorage } from '../../src/directory/node/storage.ts'
import { COMMAND, decodePutAnswer, encodeMessage, type PutRequest } from '../../src/directory/request-format.ts'
import { joinDirectory } from '../../src/network/directory-plugin.ts'
import { createNode } from '../../src/network/node.ts'
import { parseNodes } from '../../src/network/node-list.ts'
import { createTruth, type Statement, type Truth } from '../people.ts'
import type { Address } from '../world/network.ts'
import { createRandom } from '../world/random.ts'
import type { Scenario, Setting } from './scenario.ts'

const IDENTITIES = 10_000
const MEGABYTE = 2 ** 20
const RESIDENT_MAX = 150
const PUTTING_AT_ONCE = 32
/** An installed Handfast is JavaScript: what Node needs to strip types must not count. It keeps what it stripped here. */
const COMPILED = join(import.meta.dirname, '../../node_modules/.cache/compiled')
const MAIN = join(import.meta.dirname, '../../src/cli/main.ts')

type Process = AsyncDisposable & { readonly address: Address; resident(): { now: number; peak: number } }

/** How a node is started. */
type Manner = { readonly name: string; readonly persistent: boolean }

/** As the service and the image of docs/operate.md do it. */
const SERVICE: Manner = { name: 'handfast node --persistent', persistent: true }
const MANNERS: readonly Manner[] = [SERVICE, { name: 'handfast node', persistent: false }]

const startNode = async ({ persistent }: Manner): Promise<Process> => {
  const folder = mkdtempSync(join(tmpdir(), 'handfast-sim-'))
  const kept = persistent ? ['--persistent', '--folder', folder] : []
  const child = spawn(process.execPath, [MAIN, 'node', '--json', '--host', '127.0.0.1', ...kept], {
    env: { ...process.env, HANDFAST_NETWORK: '', HANDFAST_FOLDER: folder, NODE_COMPILE_CACHE: COMPILED },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const closed = new Promise<void>((resolve) => void child.once('close', () => resolve()))
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    await closed
    rmSync(folder, { recursive: true })
  }
  for await (const line of createInterface(child.stdout)) {
    const event: unknown = JSON.parse(line)
    if (typeof event !== 'object' || event === null || !('network' in event)) continue
    const [address] = parseNodes(`${event.network}`)
    if (address === undefined) break
    child.stdout.resume()
    return { address, resident: () => readResident(child.pid ?? 0), [Symbol.asyncDispose]: stop }
  }
  await stop()
  throw new Error('the node did not start')
}

/** Megabytes of a process that are in memory, now and at most so far. */
const readResident = (pid: number): { now: number; peak: number } => {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const field = (name: string): number =>
    (Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1024) / MEGABYTE
  return { now: field('VmRSS'), peak: field('VmHWM') }
}

const putsOf = ({ log, card, kem }: Statement): readonly PutRequest[] => {
  const { id } = log
  const [first, second] = kemHalves(kem)
  return [
    ...log.entries.map(({ envelope }): PutRequest => ({ t: 'entry', id, d: envelope })),
    { t: 'card', id, d: card.envelope },
    { t: 'kem', id, card: card.hash, half: 0, d: first },
    { t: 'kem', id, card: card.hash, half: 1, d: second },
  ]
}

/** Puts the records of new identities, each with a log of two entries, a card and its key. @returns how many were stored whole */
const fillNode = async (network: DirectoryNetwork, to: Address, truth: Truth, count: number): Promise<number> => {
  const signal = AbortSignal.timeout(30 * 60_000)
  let left = count
  let stored = 0
  const put = async (request: PutRequest): Promise<boolean> => {
    const asked = { target: request.id, signal }
    const { token } =
      (await network.request(to, {
        ...asked,
        command: COMMAND.get,
        value: encodeMessage({ id: request.id, from: 0 }),
      })) ?? {}
    if (!token) return false
    const answer = await network.request(to, { ...asked, command: COMMAND.put, value: encodeMessage(request), token })
    return answer?.value != null && decodePutAnswer(answer.value).refused === null
  }
  const work = async (): Promise<void> => {
    while (left > 0) {
      left -= 1
      const person = truth.create('somebody', Date.now())
      const statement = truth.supersede(person, Date.now())
      let whole = true
      for (const request of putsOf(statement)) whole = (await put(request)) && whole
      if (whole) stored += 1
    }
  }
  await Promise.all(Array.from({ length: PUTTING_AT_ONCE }, work))
  return stored
}

/** The node is measured after each part. */
const PARTS = 10

const measure = async (setting: Setting, count: number, manner: Manner) => {
  setting.say(`${manner.name} is given ${count} identities`)
  await using node = await startNode(manner)
  const own = await createNode({ bootstrap: [node.address] })
  try {
    const network = joinDirectory(own.dht, createStorage())
    const truth = createTruth(createRandom('memory'))
    const sizes: (readonly [stored: number, megabytes: number])[] = [[0, node.resident().now]]
    for (let stored = 0, left = count; left > 0; left -= Math.ceil(count / PARTS)) {
      stored += await fillNode(network, node.address, truth, Math.min(left, Math.ceil(count / PARTS)))
      sizes.push([stored, node.resident().now])
    }
    const [stored = 0] = sizes.at(-1) ?? []
    return { manner, sizes, stored, ...node.resident() }
  } finally {
    await own.close()
  }
}

export const memory: Scenario = {
  name: 'memory',
  summary: `resident memory of a real node process that keeps ${IDENTITIES} identities (not simulated)`,
  run: async (setting) => {
    const { people: count = IDENTITIES } = setting.options
    {
      // The first start strips the types, and keeps what is left when it ends: it is not one of those that are measured.
      await using _compiling = await startNode(SERVICE)
    }
    const runs: Awaited<ReturnType<typeof measure>>[] = []
    for (const manner of MANNERS) runs.push(await measure(setting, count, manner))
    return {
      columns: ['case', 'identities stored', 'MB at the start', 'MB', 'MB at most'],
      rows: runs.map(({ manner, stored, sizes, now, peak }) => [
        manner.name,
        stored,
        ...[sizes[0]?.[1] ?? 0, now, peak].map((megabytes) => megabytes.toFixed(1)),
      ]),
      checks: runs.map(({ manner, stored, peak }) => ({
        what: `memory with ${count} identities, at most (${manner.name})`,
        wanted: `< ${RESIDENT_MAX} MB`,
        measured: `${peak.toFixed(1)} MB with ${stored} stored`,
        reached: peak < RESIDENT_MAX && stored === count,
      })),
      violations: [],
      plot: {
        title: 'Resident memory of a storage node',
        x: 'identities',
        y: 'MB',
        series: runs.map(({ manner, sizes }) => ({ name: manner.name, points: sizes })),
      },
      digest: null,
    }
  },
}
