import assert from 'node:assert/strict'
import type { Walk } from '../../../src/directory/client/walk.ts'
import type { Ask, Step, WalkSetting } from '../../../src/directory/client/walk-plan.ts'
import { compareDistances, distanceOf } from '../../../src/directory/distance.ts'
import { type DhtAnswer, type NodeAddress, nameOf } from '../../../src/directory/network-port.ts'
import { makeBytes } from '../../core/identities.ts'
import { idOf as hashOf, tokenOf } from '../memory-network.ts'

/** Nodes, answers, and a walk through them by hand. */

export const target = makeBytes('target', 32)
const ids = new Map<string, Uint8Array>()
export const idOf = (one: NodeAddress): Uint8Array => {
  const id = ids.get(nameOf(one)) ?? hashOf(one)
  ids.set(nameOf(one), id)
  return id
}
export const UNTIL = 10_000

export const node = (index: number): NodeAddress => ({ host: `60.${index >> 8}.${index & 255}.1`, port: 4000 })
export const nodesOf = (size: number): readonly NodeAddress[] => Array.from({ length: size }, (_, index) => node(index))
export const byDistance = (nodes: readonly NodeAddress[]): readonly NodeAddress[] =>
  nodes.toSorted((a, b) => compareDistances(distanceOf(idOf(a), target), distanceOf(idOf(b), target)))

export const setting = (change: Partial<WalkSetting> = {}): WalkSetting => ({
  ...{ target, seeds: nodesOf(8), paths: 4, closest: 20, patience: 1_000, thorough: false, until: UNTIL, size: null },
  salt: makeBytes('salt', 32),
  idOf,
  ...change,
})

export const answerOf = (from: NodeAddress, closer: readonly NodeAddress[] = []): DhtAnswer => ({
  ...{ value: new Uint8Array(1), closer, token: tokenOf(from), id: idOf(from) },
})

/** Answers everything at once, as `reply` says, until the walk is over; whom it asked, in order. */
export const run = (walk: Walk, reply: (ask: Ask) => DhtAnswer | null, now = 0): readonly Ask[] => {
  const asked: Ask[] = []
  const pending: Ask[] = []
  let step: Step = walk.next({ type: 'tick' }, now)
  for (;;) {
    asked.push(...step.asks)
    pending.push(...step.asks)
    if (step.done) return asked
    const next = pending.shift()
    assert.ok(next !== undefined, 'a walk that is not over waits for somebody')
    const answer = reply(next)
    step = walk.next(
      answer === null ? { type: 'silence', node: next.node } : { type: 'answer', node: next.node, answer },
      now,
    )
  }
}
export const namesOf = (asks: readonly { readonly node: NodeAddress }[]): readonly string[] =>
  asks.map((ask) => nameOf(ask.node))
