/**
 * Two people with a cable between them and nothing else, who chose `lan`: the real commands `init`, `listen` and `chat`, in a laboratory of two
 * namespaces. Prints a line of JSON for each round: `node lan.ts [rounds]`.
 */

import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type Command, endCommands, startCommand, told } from './command.ts'
import { addCable, addNamespace, removeNamespaces, runWithin, within } from './namespaces.ts'

export type Round = {
  /** of both, as the kernel lists it: there is none */
  readonly routes: readonly string[]
  /** seconds from the start of the command `chat` to "connected" */
  readonly started: number
  /** milliseconds from the question to "connected", when both are up already */
  readonly connected: number
  readonly trust: unknown
  /** what arrived on the other side */
  readonly said: unknown
}

const ASKER = join(import.meta.dirname, 'lan-asker.ts')
const PATIENCE_MS = 60_000

const makeFolder = (): string => {
  mkdirSync('/run/people', { recursive: true })
  return mkdtempSync('/run/people/')
}

const init = async (host: string): Promise<{ readonly folder: string; readonly address: string }> => {
  const folder = makeFolder()
  const command = startCommand(host, ['init', '--folder', folder, '--network', 'lan'])
  const { address } = await told(command, 'created')
  await command.ended
  return { folder, address: String(address) }
}

/** Of somebody who is up before anybody is asked for. */
const ask = async (host: string, folder: string, address: string): Promise<number> => {
  const [tool, ...before] = within(host)
  const child = spawn(tool, [...before, process.execPath, ASKER, folder, address], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  for await (const line of createInterface({ input: child.stdout })) return Number(line)
  throw new Error(`${address} was not found`)
}

const next = (command: Command, event: string) =>
  command.next((one) => one.event === event, { signal: AbortSignal.timeout(PATIENCE_MS) })

const round = async (): Promise<Round> => {
  for (const name of ['alice', 'bob']) addNamespace(name)
  const end = (name: string, host: number) => ({ name, device: 'eth0', address: `169.254.7.${host}/16` })
  addCable(end('alice', 1), end('bob', 2))
  const [alice, bob, carol] = [await init('alice'), await init('bob'), await init('alice')]
  // What was chosen at first is remembered.
  const listening = startCommand('bob', ['--folder', bob.folder, 'listen'])
  await told(listening, 'network')
  // Messages of strangers wait until they are let in.
  const letIn = async (after = 0): Promise<void> => {
    const asked = await listening.next(({ event }) => event === 'request', { after })
    if (asked === null) return
    listening.type(`/accept ${asked.id}`)
    return letIn(listening.told.indexOf(asked) + 1)
  }
  void letIn()
  const connected = await ask('alice', carol.folder, bob.address)
  const chat = startCommand('alice', ['--folder', alice.folder, 'chat', bob.address])
  const met = await next(chat, 'connected')
  if (met === null) throw new Error(`not connected: ${chat.stderr()} ${JSON.stringify(chat.told)}`)
  const started = (performance.now() - chat.began) / 1000
  chat.type('hello')
  const arrived = await next(listening, 'message')
  const routes = ['alice', 'bob'].map((name) => runWithin(name, ['ip', 'route', 'show', 'default']).trim())
  endCommands()
  removeNamespaces()
  return { routes, started, connected, trust: met.trust, said: arrived?.text }
}

const [rounds = '1'] = process.argv.slice(2)
for (let count = 0; count < Number(rounds); count++) process.stdout.write(`${JSON.stringify(await round())}\n`)
process.exit()
