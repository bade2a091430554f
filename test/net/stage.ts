import assert from 'node:assert/strict'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type Child, startCli, startScript } from '../cli/child.ts'

/** Parties that are processes of their own and share nothing but sockets on 127.0.0.1 and, once, a stolen folder. */

const THIEF = join(import.meta.dirname, 'thief-child.ts')
const SHIFT = join(import.meta.dirname, '../shift-clock.ts')
const ASKER = join(import.meta.dirname, 'ask-child.ts')

type Event = Readonly<Record<string, unknown>>

/** A storage node, and what others give as --network. */
export type StorageNode = { readonly child: Child; readonly at: string }

export const startStage = async (t: TestContext) => {
  const dir = await mkdtemp(join(tmpdir(), 'handfast-'))
  const children: Child[] = []
  // Whoever still runs would write into a folder that is being removed.
  t.after(async () => {
    await Promise.all(children.map((child) => child.exit('SIGKILL')))
    await rm(dir, { recursive: true, force: true })
  })
  // There are dozens of them, and they read the same sources: what one has compiled serves the others.
  const env = { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(dir, 'compiled') }
  const begin = (child: Child): Child => {
    children.push(child)
    return child
  }
  const folderOf = (name: string): string => join(dir, name)
  /** Without `at` it has no network. @param wrongBy seconds by which its clock is ahead, or a file that says so */
  const handfast = (who: string, argv: readonly string[], at = '', wrongBy: number | string = 0): Child => {
    const clock = wrongBy === 0 ? {} : { NODE_OPTIONS: `--import=${SHIFT}`, HANDFAST_TEST_CLOCK: `${wrongBy}` }
    const surroundings = { ...env, ...clock, HANDFAST_NETWORK: at }
    return begin(startCli(t, [...argv, '--json', '--folder', folderOf(who)], surroundings))
  }

  return {
    dir,
    handfast,
    /** Without `at` it is the first of a new network. */
    startNode: async (
      at = '',
      more: readonly string[] = [],
      wrongBy: number | string = 0,
      who = 'node',
    ): Promise<StorageNode> => {
      const child = handfast(who, ['node', ...more], at, wrongBy)
      const { network, first } = await child.event('node')
      assert.equal(first, at === '')
      return { child, at: String(network) }
    },
    init: async (who: string): Promise<{ readonly address: string; readonly phrase: string }> => {
      const { address, recoveryPhrase } = await ended(handfast(who, ['init'], 'lan'), 'created')
      return { address: String(address), phrase: String(recoveryPhrase) }
    },
    copy: (from: string, to: string): Promise<void> => cp(folderOf(from), folderOf(to), { recursive: true }),
    /** Mallory does what thief-child.ts says, with a copy of her own of what she stole. */
    thief: (deed: string, loot: string, at: string, address = ''): Promise<Event> =>
      ended(begin(startScript(t, THIEF, [deed, folderOf(loot), at, address], env)), /published|refused|heard/),
    /** The hash of the last entry that stands at each of the nodes, which are asked one by one. */
    ask: async (address: string, nodes: readonly StorageNode[]): Promise<unknown> =>
      (await ended(begin(startScript(t, ASKER, [address, ...nodes.map(({ at }) => at)], env)), 'stands')).tips,
    /** Ends all that still run as a terminal does; each has to end well, and to have had nothing to complain about. */
    leave: async (...running: readonly Child[]): Promise<void> => {
      const codes = await Promise.all(running.map((child) => child.exit('SIGTERM')))
      assert.deepEqual(new Set(codes), new Set([0]))
      assert.equal(running.map((child) => child.stderr()).join(''), '')
    },
  }
}

/** The event of a process that then ends well. */
export const ended = async (child: Child, event: string | RegExp): Promise<Event> => {
  const name = typeof event === 'string' ? event : event.source
  const [line] = await child.line(new RegExp(`^\\{"event":"(${name})",.*\\}$`))
  assert.deepEqual([await child.exit(), child.stderr()], [0, ''])
  return JSON.parse(line)
}

/** Exit code and error code of a command that fails. */
export const refusal = async (child: Child): Promise<readonly [number, string]> => {
  const exit = await child.exit()
  assert.notEqual(child.stderr(), '', `it did not fail but ended with ${exit}`)
  return [exit, JSON.parse(child.stderr()).error.code]
}
