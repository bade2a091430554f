import assert from 'node:assert/strict'
import { cp, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { initialize } from '../../src/index.ts'
import type { Message } from '../../src/messages/message.ts'
import { openHistory } from '../../src/peer/folder.ts'
import { type Child, startScript } from '../cli/child.ts'
import { makeTemporary } from '../connection/sides.ts'

/** Two people whose data folders are copied, and put back, while their processes are away. */

const SCRIPT = join(import.meta.dirname, 'folder-child.ts')
const SHIFT = join(import.meta.dirname, '../shift-clock.ts')

export type Owner = {
  readonly address: string
  readonly folder: string
  /** Starts; resolves when it can be reached. @param later seconds that have passed by its clock meanwhile */
  come(later?: number): Promise<Child>
  /** Takes a copy of the folder as it is. */
  keep(name: string): Promise<void>
  /** Puts a copy in the place of the folder. */
  putBack(name: string): Promise<void>
}

export const makeOwners = async (t: TestContext, network: string): Promise<readonly [Owner, Owner]> => {
  const dir = await makeTemporary(t)
  const names = ['alice', 'bob'] as const
  const made = await Promise.all(names.map((name) => initialize(join(dir, name))))
  const env = { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(dir, 'compiled') }
  const ownerOf = (index: 0 | 1): Owner => {
    const folder = join(dir, names[index])
    const [own, other] = [made[index], made[1 - index]]
    assert.ok(own && other)
    return {
      address: own.address,
      folder,
      come: async (later = 0) => {
        const shifted = { ...env, NODE_OPTIONS: `--import=${SHIFT}`, HANDFAST_TEST_CLOCK: `${later}` }
        const child = startScript(t, SCRIPT, [network, folder, other.address], later === 0 ? env : shifted)
        await child.event('listening')
        return child
      },
      keep: (name) => cp(folder, `${folder}-${name}`, { recursive: true }),
      putBack: async (name) => {
        await rm(folder, { recursive: true })
        await mkdir(folder, { mode: 0o700 })
        await cp(`${folder}-${name}`, folder, { recursive: true })
      },
    }
  }
  return [ownerOf(0), ownerOf(1)]
}

/** Ends in order. */
export const leave = async (...children: readonly Child[]): Promise<void> => {
  for (const child of children) child.type('leave')
  const codes = await Promise.all(children.map((child) => child.exit()))
  assert.deepEqual([codes, children.map((child) => child.stderr())], [children.map(() => 0), children.map(() => '')])
}

/** Until nothing of theirs waits any more. */
export const settle = async (...children: readonly Child[]): Promise<void> => {
  for (const child of children) child.type('settle')
  await Promise.all(children.map((child) => child.event('settled')))
}

/** Until that text has come. */
export const hears = async (child: Child, text: string): Promise<void> => {
  for (let said = await child.event('message'); said.text !== text; ) said = await child.event('message')
}

/** Until what was said, or that file, is in that state. */
export const becomes = async (child: Child, what: string, state: string): Promise<void> => {
  for (;;) {
    const [line] = await child.line(/^\{"event":"(delivery|file)",.*\}$/)
    const said = JSON.parse(line)
    if ((said.text ?? said.name) === what && said.state === state) return
  }
}

const read = async (owner: Owner, other: Owner): Promise<readonly Message[]> => {
  using history = await openHistory(owner.folder, null)
  return [...history.read(other.address, { limit: 100_000 })]
}

export type Kept = {
  /** what either side has written, as its folder has it, and what of that is where */
  readonly lost: readonly string[]
  readonly twice: readonly string[]
  readonly waiting: readonly string[]
  readonly gone: readonly string[]
}

/** What both folders have of one conversation, once both processes are away. */
export const compare = async (a: Owner, b: Owner): Promise<Kept> => {
  const both = [await read(a, b), await read(b, a)] as const
  const found = { lost: [] as string[], twice: [] as string[], waiting: [] as string[], gone: [] as string[] }
  for (const [from, to] of [both, both.toReversed()]) {
    const there = (to ?? []).filter(({ direction }) => direction === 'in').map(({ hash }) => hash)
    for (const { hash, state, text } of (from ?? []).filter(({ direction }) => direction === 'out')) {
      const count = there.filter((one) => one === hash).length
      if (count > 1) found.twice.push(`${text}`)
      if (state === 'delivered' && count === 0) found.lost.push(`${text}`)
      if (state === 'queued' || state === 'sent') found.waiting.push(`${text}`)
      if (state === 'gone') found.gone.push(`${text}`)
    }
  }
  return found
}

export const NOTHING: Kept = { lost: [], twice: [], waiting: [], gone: [] }
