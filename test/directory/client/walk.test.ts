import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createWalk } from '../../../src/directory/client/walk.ts'
import type { Ask, Step } from '../../../src/directory/client/walk-plan.ts'
import { compareDistances, distanceOf } from '../../../src/directory/distance.ts'
import { slash24Of } from '../../../src/directory/ip-networks.ts'
import { NETWORK_NODES, SLOW_FIRST_MS, WALK_UNPROVEN_NEEDY } from '../../../src/directory/limits.ts'
import { type DhtAnswer, type NodeAddress, nameOf } from '../../../src/directory/network-port.ts'
import { at } from '../../core/identities.ts'
import { answerOf, byDistance, idOf, namesOf, node, nodesOf, run, setting, target, UNTIL } from './walk-steps.ts'

/** The state machine, step by step. */

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
    const mine = walk.state().closest.filter((one) => slash24Of(one.node.host) === '99.9.9')
    assert.equal(mine.length, admitted)
    if (perNetwork !== Infinity) assert.ok(asks.filter((ask) => slash24Of(ask.node.host) === '99.9.9').length <= 4)
  }
})

test('who goes by another id than its address has, or has no token or value, tells the way and is not among the closest', () => {
  const seeds = nodesOf(5)
  const walk = createWalk(setting({ seeds }))
  const bad: Partial<DhtAnswer>[] = [{ id: idOf(node(99)) }, { id: null }, { token: null }, { value: null }]
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
  const reply = (ask: Ask): DhtAnswer => {
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
  const reply = (ask: Ask): DhtAnswer => {
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
