import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  NETWORK_NODES,
  SLOW_FIRST_MS,
  SLOW_MAX_MS,
  WALK_ASKED_MAX,
  WALK_UNPROVEN_NEEDY,
} from '../../src/core/limits.ts'
import { compareDistances, distanceOf } from '../../src/directory/distance.ts'
import { type Answer, type NodeAddress, nameOf } from '../../src/directory/network-port.ts'
import { networkOf } from '../../src/directory/networks.ts'
import { type Ask, createWalk, type Step, type Walk, type WalkSetting } from '../../src/directory/walk.ts'
import { at, makeBytes } from '../core/identities.ts'
import { idOf as hashOf, tokenOf } from './memory-network.ts'

/** The state machine by hand, and whatever schedule of replies, silence and lies there is. */

const target = makeBytes('target', 32)
const ids = new Map<string, Uint8Array>()
const idOf = (one: NodeAddress): Uint8Array => {
  const id = ids.get(nameOf(one)) ?? hashOf(one)
  ids.set(nameOf(one), id)
  return id
}
const UNTIL = 10_000

const node = (index: number): NodeAddress => ({ host: `60.${index >> 8}.${index & 255}.1`, port: 4000 })
const nodesOf = (size: number): readonly NodeAddress[] => Array.from({ length: size }, (_, index) => node(index))
const byDistance = (nodes: readonly NodeAddress[]): readonly NodeAddress[] =>
  nodes.toSorted((a, b) => compareDistances(distanceOf(idOf(a), target), distanceOf(idOf(b), target)))

const setting = (change: Partial<WalkSetting> = {}): WalkSetting => ({
  ...{ target, seeds: nodesOf(8), paths: 4, closest: 20, patience: 1_000, thorough: false, until: UNTIL, size: null },
  salt: makeBytes('salt', 32),
  idOf,
  ...change,
})

const answerOf = (from: NodeAddress, closer: readonly NodeAddress[] = []): Answer => ({
  ...{ value: new Uint8Array(1), closer, token: tokenOf(from), id: idOf(from) },
})

/** Answers everything at once, as `reply` says, until the walk is over; whom it asked, in order. */
const run = (walk: Walk, reply: (ask: Ask) => Answer | null, now = 0): readonly Ask[] => {
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
const namesOf = (asks: readonly { readonly node: NodeAddress }[]): readonly string[] =>
  asks.map((ask) => nameOf(ask.node))

test('a walk of nobody is over at once', () => {
  assert.deepEqual(createWalk(setting({ seeds: [] })).next({ type: 'tick' }, 0).done, true)
})

test('the closest that can be reached are found, whoever is silent, and nobody is asked twice', () => {
  const all = nodesOf(200)
  const silent = new Set(all.filter((_, index) => index % 3 === 0).map(nameOf))
  const walk = createWalk(setting())
  const asks = run(walk, (ask) =>
    silent.has(nameOf(ask.node)) ? null : answerOf(ask.node, byDistance(all).slice(0, 20)),
  )
  const reachable = byDistance(all.slice(0, 8).concat(byDistance(all).slice(0, 20))).filter(
    (one) => !silent.has(nameOf(one)),
  )
  const { closest, complete, asked } = walk.state()
  assert.deepEqual(namesOf(closest), [...new Set(reachable.map(nameOf))].slice(0, 20))
  assert.equal(complete, true)
  assert.equal(new Set(namesOf(asks)).size, asks.length)
  assert.deepEqual([...asked].sort(), [...namesOf(asks)].sort())
})

test('each path keeps to what it heard of: nodes that only one path names are asked by that path', () => {
  const walk = createWalk(setting({ seeds: nodesOf(4) }))
  // Every node names two others, as a tree: each has one informant.
  const children = ({ host }: NodeAddress): readonly NodeAddress[] => {
    const [, high = 0, low = 0] = host.split('.').map(Number)
    const index = high * 256 + low
    return index < 40 ? [node(2 * index + 4), node(2 * index + 5)] : []
  }
  const pathOf = new Map<string, number>()
  for (const { node: asked, path } of run(walk, (ask) => {
    for (const child of children(ask.node)) pathOf.set(nameOf(child), ask.path)
    return answerOf(ask.node, children(ask.node))
  }))
    assert.equal(path, pathOf.get(nameOf(asked)) ?? path)
  const { paths } = walk.state()
  assert.equal(new Set(paths.flat()).size, paths.flat().length, 'disjoint')
  assert.ok(paths.every((names) => names.length > 1))
})

test('with one node to begin with, what it names is dealt to all paths', () => {
  const all = nodesOf(40)
  const walk = createWalk(setting({ seeds: all.slice(0, 1) }))
  run(walk, (ask) => answerOf(ask.node, byDistance(all).slice(0, 20)))
  // 20 are named; one of them may be the first node itself.
  assert.ok(walk.state().paths.every((names) => names.length >= 4))
})

test('a slow node is left behind, not given up: another is asked, and its answer still counts', () => {
  const walk = createWalk(setting({ seeds: nodesOf(30), paths: 1, closest: 3 }))
  const first = walk.next({ type: 'tick' }, 0)
  assert.equal(first.asks.length, 3)
  assert.equal(first.wake, SLOW_FIRST_MS)
  assert.equal(walk.next({ type: 'tick' }, SLOW_FIRST_MS - 1).asks.length, 0)
  const more = walk.next({ type: 'tick' }, SLOW_FIRST_MS)
  assert.equal(more.asks.length, 3)
  assert.equal(more.done, false)
  const late = at(first.asks, 0).node
  walk.next({ type: 'answer', node: late, answer: answerOf(late) }, SLOW_FIRST_MS + 1)
  assert.deepEqual(namesOf(walk.state().closest), [nameOf(late)])
})

test('once enough have answered nobody waits for a silent node longer than it takes to be slow', () => {
  const [seeds, silent] = [nodesOf(24), nameOf(at(byDistance(nodesOf(24)), 0))]
  for (const [thorough, waited] of [
    [false, SLOW_FIRST_MS],
    [true, 2_500],
  ] as const) {
    const walk = createWalk(setting({ seeds, thorough, patience: 2_500 }))
    const pending = [...walk.next({ type: 'tick' }, 0).asks]
    let step: Step | undefined
    for (let ask = pending.shift(); ask !== undefined; ask = pending.shift()) {
      if (nameOf(ask.node) === silent) continue
      step = walk.next({ type: 'answer', node: ask.node, answer: answerOf(ask.node) }, 0)
      pending.push(...step.asks)
    }
    assert.ok(step !== undefined && !step.done)
    assert.equal(walk.next({ type: 'tick' }, step.wake).done, !thorough)
    // All answers came at once, so the median is nothing and the lower bound holds.
    assert.ok(step.wake <= waited)
    assert.equal(walk.next({ type: 'tick' }, waited).done, true)
    assert.equal(walk.state().complete, true)
  }
})

test('while too few have answered a slow node is waited for, but not for ever', () => {
  const walk = createWalk(setting({ seeds: nodesOf(2), patience: 1_000 }))
  const [one, other] = walk.next({ type: 'tick' }, 0).asks
  assert.ok(one !== undefined && other !== undefined)
  walk.next({ type: 'answer', node: one.node, answer: answerOf(one.node) }, 10)
  assert.equal(walk.next({ type: 'tick' }, 999).done, false)
  assert.equal(walk.next({ type: 'tick' }, 1_000).done, true)
})

test('made-up nodes cost a few requests each liar, and hide nobody', () => {
  const liars = new Set(nodesOf(3).map(nameOf))
  const all = nodesOf(60)
  let made = 0
  // Nearer than every real one, and new each time.
  const fakes = (): readonly NodeAddress[] =>
    Array.from({ length: 20 }, () => {
      for (;;) {
        const fake = { host: `77.${made >> 16}.${(made >> 8) & 255}.${made++ & 255}`, port: 9 }
        if (at([...distanceOf(idOf(fake), target)], 0) === 0) return fake
      }
    })
  const walk = createWalk(setting({ seeds: all.slice(0, 8) }))
  const asks = run(walk, (ask) => {
    if (ask.node.port === 9) return null
    return answerOf(ask.node, liars.has(nameOf(ask.node)) ? fakes() : byDistance(all).slice(0, 20))
  })
  const fooled = asks.filter((ask) => ask.node.port === 9)
  assert.ok(fooled.length > 0 && fooled.length <= liars.size * WALK_UNPROVEN_NEEDY, `${fooled.length}`)
  const honest = byDistance(all).filter((one) => !liars.has(nameOf(one)))
  assert.ok(namesOf(walk.state().closest).includes(nameOf(at(honest, 0))))
  assert.equal(walk.state().complete, true)
})

test('of one public network two nodes are among the closest, and four are asked, however many ports it has', () => {
  const honest = nodesOf(100)
  const ports = Array.from({ length: 4000 }, (_, port) => ({ host: '99.9.9.9', port: port + 1 }))
  const ground = byDistance(ports).slice(0, 20)
  const named = byDistance([...honest, ...ground]).slice(0, 20)
  for (const [perNetwork, admitted] of [
    [NETWORK_NODES, 2],
    [Infinity, named.filter(({ host }) => host === '99.9.9.9').length],
  ] as const) {
    const walk = createWalk(setting({ perNetwork, seeds: honest.slice(0, 30) }))
    const asks = run(walk, (ask) => answerOf(ask.node, named))
    const mine = walk.state().closest.filter((one) => networkOf(one.node) === '99.9.9')
    assert.equal(mine.length, admitted)
    if (perNetwork !== Infinity) assert.ok(asks.filter((ask) => networkOf(ask.node) === '99.9.9').length <= 4)
  }
})

test('who goes by another id than its address has, or has no token or value, tells the way and is not among the closest', () => {
  const seeds = nodesOf(5)
  const walk = createWalk(setting({ seeds }))
  const bad: Partial<Answer>[] = [{ id: idOf(node(99)) }, { id: null }, { token: null }, { value: null }]
  run(walk, (ask) => {
    const index = namesOf(seeds.map((seed) => ({ node: seed }))).indexOf(nameOf(ask.node))
    return { ...answerOf(ask.node, [node(50)]), ...bad[index] }
  })
  assert.deepEqual([...namesOf(walk.state().closest)].sort(), [nameOf(node(4)), nameOf(node(50))].sort())
})

test('paths but the first ask for places around the target, so that no crowd at it hides its neighbours', () => {
  const walk = createWalk(setting({ size: 20 * 16, seeds: nodesOf(16) }))
  const { asks } = walk.next({ type: 'tick' }, 0)
  const depthOf = (aim: Uint8Array): number => Math.clz32(at([...distanceOf(aim, target)], 0)) - 24
  for (const { path, target: aim } of asks) {
    if (path === 0) assert.deepEqual(aim, target)
    else {
      assert.ok(depthOf(aim) >= 4, 'within the 16th part of the space that holds 20 nodes')
      assert.notDeepEqual(aim, target)
    }
  }
  assert.equal(new Set(asks.map(({ path }) => path)).size, 4)
  assert.equal(new Set(asks.map(({ target: aim }) => String(aim))).size, 1 + asks.filter(({ path }) => path > 0).length)
})

test('a walk that is over goes on when more are wanted', () => {
  const all = nodesOf(120)
  const walk = createWalk(setting({ seeds: all.slice(0, 20) }))
  const sorted = byDistance(all)
  const reply = (ask: Ask): Answer => {
    const from = 10 * (all.findIndex((one) => nameOf(one) === nameOf(ask.node)) % 8)
    return answerOf(ask.node, sorted.slice(from, from + 20))
  }
  run(walk, reply)
  const before = walk.state().closest
  assert.equal(before.length, 20)
  const step = walk.next({ type: 'widen', closest: 40 }, 0)
  assert.ok(step.asks.length > 0)
  const pending = [...step.asks]
  for (let ask = pending.shift(); ask !== undefined; ask = pending.shift())
    pending.push(...walk.next({ type: 'answer', node: ask.node, answer: reply(ask) }, 0).asks)
  assert.equal(walk.state().closest.length, 40)
  assert.deepEqual(walk.state().closest.slice(0, 20), before)
})

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
        const perNetwork = Map.groupBy(closest, (one) => networkOf(one.node))
        for (const ones of perNetwork.values()) assert.ok(ones.length <= NETWORK_NODES)
        assert.deepEqual(distances, distances.toSorted(compareDistances))
        for (const { node: one } of closest) assert.ok(heard.some((other) => nameOf(other) === nameOf(one)))
        // Nothing moves it any more.
        assert.deepEqual(walk.next({ type: 'tick' }, now + SLOW_MAX_MS).asks, [])
      },
    ),
    { numRuns: 300 },
  )
})

test('the deadline ends a walk, and so does a stop: neither is complete, and neither asks anybody any more', () => {
  for (const end of [
    { event: { type: 'tick' }, now: UNTIL },
    { event: { type: 'stop' }, now: 5 },
  ] as const) {
    const walk = createWalk(setting())
    const [ask] = walk.next({ type: 'tick' }, 0).asks
    assert.ok(ask !== undefined)
    assert.deepEqual([walk.next(end.event, end.now).done, walk.state().complete], [true, false])
    const late = walk.next({ type: 'answer', node: ask.node, answer: answerOf(ask.node, nodesOf(40)) }, end.now)
    assert.deepEqual([late.done, late.asks], [true, []])
    assert.deepEqual(walk.next({ type: 'widen', closest: 60 }, end.now).asks, [])
  }
})

test('random seeds of the same network end at the same closest nodes', () => {
  const all = nodesOf(150)
  // Each knows two in five of the others, whichever these are, and names the nearest of them.
  const reply = (ask: Ask): Answer => {
    const [seen = 0] = idOf(ask.node)
    const known = all.filter((one) => (at([...idOf(one)], 1) + seen) % 5 < 2)
    const nearest = known.toSorted((a, b) =>
      compareDistances(distanceOf(idOf(a), ask.target), distanceOf(idOf(b), ask.target)),
    )
    return answerOf(ask.node, nearest.slice(0, 20))
  }
  const ends = [0, 30, 60].map((from) => {
    const walk = createWalk(setting({ seeds: all.slice(from, from + 20), size: 150 }))
    run(walk, reply)
    return namesOf(walk.state().closest)
  })
  assert.deepEqual(ends[0], byDistance(all).slice(0, 20).map(nameOf))
  assert.deepEqual([ends[1], ends[2]], [ends[0], ends[0]])
})
