import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createWalk } from '../../../src/directory/client/walk.ts'
import type { Ask } from '../../../src/directory/client/walk-plan.ts'
import { compareDistances } from '../../../src/directory/distance.ts'
import { slash24Of } from '../../../src/directory/ip-networks.ts'
import { NETWORK_NODES, SLOW_MAX_MS, WALK_ASKED_MAX } from '../../../src/directory/limits.ts'
import { type NodeAddress, nameOf } from '../../../src/directory/network-port.ts'
import { runs } from '../../runs.ts'
import { answerOf, idOf, setting, UNTIL } from './walk-steps.ts'

/** The state machine under whatever schedule of replies, silence and lies there is. */

/** One thing that may happen, by numbers: which of those asked, what comes of it, and how much time passes. */
const happening = fc.record({
  which: fc.nat(),
  what: fc.constantFrom('answer', 'answer', 'answer', 'liar', 'silence', 'null', 'stranger', 'again', 'tick'),
  names: fc.array(fc.nat(400), { maxLength: 30 }),
  pause: fc.integer({ min: 0, max: 400 }),
})

test('whatever happens, a walk ends, asks nobody twice, keeps paths disjoint and networks apart', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(400), { maxLength: 25 }),
      fc.integer({ min: 1, max: 8 }),
      fc.array(happening, { maxLength: 400 }),
      fc.boolean(),
      (seeds, paths, happenings, thorough) => {
        // Eight nodes to a network.
        const of = (index: number): NodeAddress => ({ host: `60.0.${index >> 3}.${index & 7}`, port: 4000 })
        const walk = createWalk(setting({ seeds: seeds.map(of), paths, thorough, patience: 2_000 }))
        const pathOf = new Map<string, number>()
        let [now, step] = [0, walk.next({ type: 'tick' }, 0)]
        const pending: Ask[] = []
        const heard: NodeAddress[] = []
        const check = (): void => {
          for (const ask of step.asks) {
            assert.ok(!pathOf.has(nameOf(ask.node)), 'asked twice')
            assert.ok(!step.done && now < UNTIL)
            pathOf.set(nameOf(ask.node), ask.path)
            pending.push(ask)
          }
          assert.ok(pathOf.size <= WALK_ASKED_MAX)
        }
        check()
        for (const { which, what, names, pause } of happenings) {
          if (step.done) break
          now += pause
          const [ask] = pending.length === 0 || what === 'tick' ? [] : pending.splice(which % pending.length, 1)
          const stranger = what === 'again' ? (heard[which % Math.max(1, heard.length)] ?? of(500)) : of(500 + which)
          const from = ask === undefined || what === 'stranger' || what === 'again' ? stranger : ask.node
          if (ask !== undefined && from !== ask.node) pending.push(ask)
          const lie = what === 'liar' ? { id: idOf(of(which)) } : what === 'null' ? { value: null } : {}
          if (what === 'silence') step = walk.next({ type: 'silence', node: from }, now)
          else if (what === 'tick') step = walk.next({ type: 'tick' }, now)
          else {
            step = walk.next({ type: 'answer', node: from, answer: { ...answerOf(from, names.map(of)), ...lie } }, now)
            if (from === ask?.node) heard.push(from)
          }
          check()
        }
        // From now on all are silent: nothing but time passes.
        for (let ticks = 0; !step.done; ticks++) {
          assert.ok(step.wake > now && ticks < 2 * WALK_ASKED_MAX, 'it always says when it goes on')
          now = step.wake
          step = walk.next({ type: 'tick' }, now)
          check()
        }
        assert.ok(now <= UNTIL)
        const { closest, distances, paths: walked, asked } = walk.state()
        assert.equal(asked.length, pathOf.size)
        assert.deepEqual(walked.flat().length, new Set(walked.flat()).size)
        for (const [path, names] of walked.entries()) for (const name of names) assert.equal(pathOf.get(name), path)
        const perNetwork = Map.groupBy(closest, (one) => slash24Of(one.node.host))
        for (const ones of perNetwork.values()) assert.ok(ones.length <= NETWORK_NODES)
        assert.deepEqual(distances, distances.toSorted(compareDistances))
        for (const { node: one } of closest) assert.ok(heard.some((other) => nameOf(other) === nameOf(one)))
        // Nothing moves it any more.
        assert.deepEqual(walk.next({ type: 'tick' }, now + SLOW_MAX_MS).asks, [])
      },
    ),
    { numRuns: runs(300) },
  )
})
