import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Stance } from '../../../src/directory/client/answer-collector.ts'
import { gatherEvidence } from '../../../src/directory/client/evidence.ts'
import type { Place } from '../../../src/directory/client/places.ts'
import { type NodeAddress, nameOf } from '../../../src/directory/network-port.ts'
import { tokenOf } from '../memory-network.ts'

const node = (host: string, port = 4000): NodeAddress => ({ host, port })
const [a, b, c, d, e, f] = [1, 2, 3, 4, 5, 6].map((index) => node(`60.0.${index}.1`)) as [
  ...[NodeAddress, NodeAddress, NodeAddress, NodeAddress, NodeAddress, NodeAddress],
]
const stances: Readonly<Record<string, Stance>> = {
  [nameOf(a)]: 'agreeing',
  [nameOf(b)]: 'older',
  [nameOf(c)]: 'empty',
  [nameOf(d)]: 'empty',
  [nameOf(e)]: 'invalid',
}
const collector = { stance: (name: string) => stances[name] ?? null }

const place = (closest: readonly NodeAddress[], paths: readonly (readonly NodeAddress[])[], change = {}): Place => ({
  target: new Uint8Array(32),
  closest: closest.map((one) => ({ node: one, token: tokenOf(one) })),
  distances: [],
  paths: paths.map((names) => names.map(nameOf)),
  asked: [...new Set([...closest, ...paths.flat(), f].map(nameOf))],
  ...{ complete: true, density: 1 },
  ...change,
})
const gather = (places: readonly Place[], nodes: readonly NodeAddress[] = [a, b, c, d, e]) =>
  gatherEvidence('fresh', places, new Map(nodes.map((one) => [nameOf(one), one])), collector, { card: null, now: 9 })

test('nodes are counted once: those that ought to know or claim to, those on the way, and those that said nothing', () => {
  const evidence = gather([place([a, b, c], [[a, d], [b], [e]]), place([c, a], [[a, c], [d]])])
  const { asked, answered, passed, failed, agreeing, older, empty, invalid, unread } = evidence
  // d is on the way and has nothing; e is on the way too, but lies; f is silent at both places.
  assert.deepEqual([asked, answered, passed, failed], [6, 4, 1, 1])
  assert.deepEqual([agreeing, older, empty, invalid, unread], [1, 1, 1, 1, 0])
  assert.deepEqual([evidence.networks, evidence.local, evidence.age], [4, false, null])
})

test('a path leads to the log when somebody on it agrees, and counts when somebody answered', () => {
  const { paths, pathsAgreeing, places } = gather([place([a, b], [[d, a], [b], [f], []]), place([c], [[c], [a]])])
  assert.deepEqual([paths, pathsAgreeing], [4, 2])
  assert.deepEqual(
    places.map((one) => [one.closest, one.agreeing, one.older, one.paths, one.pathsAgreeing]),
    [
      [2, 1, 1, 2, 1],
      [1, 0, 0, 2, 1],
    ],
  )
})

test('the densest place counts, and none when one could not be measured; one that was cut short makes all incomplete', () => {
  const whole = place([a], [[a]])
  assert.equal(gather([whole, place([a], [[a]], { density: 7 })]).density, 7)
  assert.equal(gather([whole, place([a], [[a]], { density: null })]).density, null)
  assert.deepEqual(
    [gather([whole, whole]).complete, gather([whole, place([a], [[a]], { complete: false })]).complete],
    [true, false],
  )
})

test('only where all that answered are private nobody counts their networks', () => {
  const [home, other] = [node('10.0.0.1'), node('10.0.0.2')]
  const near = { stance: () => 'agreeing' as const }
  const of = (...nodes: readonly NodeAddress[]) => {
    const heard = new Map(nodes.map((one) => [nameOf(one), one]))
    return gatherEvidence('fresh', [place(nodes, [nodes])], heard, near, { card: null, now: 9 })
  }
  assert.deepEqual([of(home, other).local, of(home, other).networks], [true, 1])
  assert.equal(of(home, a).local, false)
})
