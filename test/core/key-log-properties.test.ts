import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { equal } from '../../src/core/bytes.ts'
import { KeyLogError } from '../../src/core/errors.ts'
import { compareLogs, type KeyLog, type LogRelation, rotateLog, updateLog, verifyLog } from '../../src/core/key-log.ts'
import type { P256PrivateKey } from '../../src/core/p256.ts'
import { runs } from '../runs.ts'
import {
  at,
  commitmentAfter,
  cut,
  envelopesOf,
  flip,
  makeDevice,
  makeIdentity,
  makeKey,
  NOW,
  publicOf,
} from './identities.ts'

const SEED = 20260101
const alice = makeIdentity('alice', { rotations: 12 })
const phones = Array.from({ length: 4 }, (_, index) => publicOf([makeDevice(`device ${index}`)]))
const mallorysKeys = Array.from({ length: 30 }, (_, index) => makeKey(`mallory/${index}`))

type Step = { readonly kind: 'update' | 'rotate' | 'retire'; readonly branch: number; readonly entry: number }
const schedule = (maxLength: number) =>
  fc.array(
    fc.record<Step>({
      kind: fc.constantFrom('update', 'rotate', 'retire'),
      branch: fc.nat(1000),
      entry: fc.nat(1000),
    }),
    { maxLength },
  )

const contentOf = ({ kind, entry }: Step) =>
  ({
    devices: at(phones, entry % phones.length),
    status: kind === 'retire' ? 'retired' : 'active',
    time: NOW,
  }) as const

/** One more entry, or null when its signer does not hold the key or the log has ended. */
const grow = (log: KeyLog, step: Step, holds: (key: P256PrivateKey) => boolean): KeyLog | null => {
  const rotation = log.epoch + 1
  const key = at(alice.roots, step.kind === 'rotate' ? rotation : log.epoch)
  if (log.last.entry.status === 'retired' || !holds(key)) return null
  if (step.kind !== 'rotate') return updateLog(log, key, contentOf(step))
  return rotateLog(log, key, commitmentAfter(alice, rotation), contentOf(step))
}

const active = (log: KeyLog): KeyLog => (log.last.entry.status === 'retired' ? cut(log, log.last.entry.seq - 1) : log)

/** The owner's log after each step; it parts from a retirement of its own rather than end there. */
const ownersLogs = (steps: readonly Step[]): readonly KeyLog[] => {
  const logs: KeyLog[] = [alice.log]
  for (const step of steps) {
    const next = grow(active(at(logs, -1)), step, () => true)
    if (next !== null) logs.push(next)
  }
  return logs
}

/** Every log a thief makes who saw all of the owner's and stole some of its root keys. */
const thiefsLogs = (seen: readonly KeyLog[], stolen: readonly P256PrivateKey[], steps: readonly Step[]): KeyLog[] => {
  const made: KeyLog[] = []
  for (const [index, step] of steps.entries()) {
    const all = [...seen, ...made]
    const log = at(all, step.branch % all.length)
    const from = cut(log, step.entry % log.entries.length)
    const next = grow(from, step, (key) => stolen.includes(key))
    if (next !== null) made.push(next)
    const usurper = at(mallorysKeys, index)
    // Neither with a stolen key nor with one of her own does she get in a commitment of hers.
    for (const key of [...stolen, usurper])
      assert.throws(
        () => rotateLog(from, key, commitmentAfter({ roots: [key, usurper] }, 0), contentOf(step)),
        KeyLogError,
      )
  }
  return made
}

const check = (count: number, property: fc.IProperty<[readonly Step[], readonly Step[], readonly boolean[]]>): void =>
  fc.assert(property, { seed: SEED, numRuns: runs(count) })
const world = [schedule(7), schedule(14), fc.array(fc.boolean(), { minLength: 12, maxLength: 12 })] as const

test('§2 the thief of former root keys signs nothing that stands, and not even a fork', () => {
  const reached = new Set<LogRelation>()
  check(
    150,
    fc.property(...world, (ownersSteps, thiefsSteps, taken) => {
      const seen = ownersLogs(ownersSteps)
      const owner = at(seen, -1)
      const stolen = alice.roots.slice(0, owner.epoch).filter((_, epoch) => taken[epoch])
      for (const log of thiefsLogs(seen, stolen, thiefsSteps)) reached.add(compareLogs(log, owner))
    }),
  )
  assert.deepEqual([...reached], ['superseded'])
})

test('§2 the thief of the current root key too updates or forks, and never supersedes', () => {
  const reached = new Set<LogRelation>()
  check(
    150,
    fc.property(...world, (ownersSteps, thiefsSteps, taken) => {
      const seen = ownersLogs(ownersSteps)
      const owner = at(seen, -1)
      const stolen = alice.roots.slice(0, owner.epoch + 1).filter((_, epoch) => epoch === owner.epoch || taken[epoch])
      for (const log of thiefsLogs(seen, stolen, thiefsSteps)) {
        assert.ok(log.epoch <= owner.epoch)
        reached.add(compareLogs(log, owner))
      }
    }),
  )
  assert.deepEqual([...reached].sort(), ['fork', 'longer', 'superseded'])
})

test("§2 the owner's next rotation stands over whatever the thief of any used root key signed", () => {
  const reached = new Set<LogRelation>()
  check(
    150,
    fc.property(...world, (ownersSteps, thiefsSteps, taken) => {
      const seen = ownersLogs(ownersSteps)
      const before = active(at(seen, -1))
      const stolen = alice.roots.slice(0, before.epoch + 1).filter((_, epoch) => taken[epoch])
      const owner = grow(before, { kind: 'rotate', branch: 0, entry: 0 }, () => true)
      assert.ok(owner !== null)
      for (const log of thiefsLogs(seen, stolen, thiefsSteps)) reached.add(compareLogs(log, owner))
    }),
  )
  assert.deepEqual([...reached], ['superseded'])
})

const mirrored: Record<LogRelation, LogRelation> = {
  same: 'same',
  longer: 'shorter',
  shorter: 'longer',
  supersedes: 'superseded',
  superseded: 'supersedes',
  fork: 'fork',
}
const begins = (a: KeyLog, b: KeyLog): boolean =>
  a.entries.every(({ envelope }, index) => equal(envelope, b.entries[index]?.envelope ?? new Uint8Array(0)))

test('§2 comparing is antisymmetric, and a prefix is a prefix', () => {
  const reached = new Set<LogRelation>()
  check(
    80,
    fc.property(...world, (ownersSteps, thiefsSteps, taken) => {
      const seen = ownersLogs(ownersSteps)
      const stolen = alice.roots.filter((_, epoch) => taken[epoch])
      const logs = [...seen, ...thiefsLogs(seen, stolen, thiefsSteps)]
      for (const a of logs)
        for (const b of logs) {
          const relation = compareLogs(a, b)
          reached.add(relation)
          assert.equal(compareLogs(b, a), mirrored[relation])
          assert.equal(relation === 'same' || relation === 'longer', begins(b, a))
          if (relation === 'supersedes') assert.ok(a.epoch > b.epoch)
        }
    }),
  )
  assert.equal(reached.size, 6)
})

test('§2 what was appended verifies from its bytes, and so does every prefix', () => {
  check(
    25,
    fc.property(...world, (ownersSteps, thiefsSteps, taken) => {
      const seen = ownersLogs(ownersSteps)
      const stolen = alice.roots.filter((_, epoch) => taken[epoch])
      for (const log of [at(seen, -1), ...thiefsLogs(seen, stolen, thiefsSteps).slice(-2)]) {
        const envelopes = envelopesOf(log)
        assert.deepEqual(verifyLog(alice.log.id, envelopes), log)
        for (const seq of envelopes.keys())
          assert.deepEqual(cut(log, seq), verifyLog(alice.log.id, envelopes.slice(0, seq + 1)))
      }
    }),
  )
})

const sample = at(
  ownersLogs([
    { kind: 'update', branch: 0, entry: 1 },
    { kind: 'rotate', branch: 0, entry: 2 },
    { kind: 'update', branch: 0, entry: 3 },
  ]),
  -1,
)
const anyEntry = fc.nat(sample.entries.length - 1)

test('§2 a log with any one byte changed does not verify', () => {
  fc.assert(
    fc.property(anyEntry, fc.nat(10_000), fc.integer({ min: 1, max: 255 }), (index, position, mask) => {
      const envelopes = envelopesOf(sample).with(
        index,
        flip(at(envelopesOf(sample), index), position % at(envelopesOf(sample), index).length, mask),
      )
      assert.throws(() => verifyLog(alice.log.id, envelopes), KeyLogError)
    }),
    { seed: SEED, numRuns: runs(600) },
  )
})

test('§2 of the entries in any order, with any missing or repeated, only a prefix verifies', () => {
  const envelopes = envelopesOf(sample)
  fc.assert(
    fc.property(fc.array(anyEntry, { minLength: 1, maxLength: 5 }), (order) => {
      const chosen = order.map((index) => at(envelopes, index))
      const isPrefix = order.every((index, place) => index === place)
      if (isPrefix) assert.equal(verifyLog(alice.log.id, chosen).entries.length, order.length)
      else assert.throws(() => verifyLog(alice.log.id, chosen), KeyLogError)
    }),
    { seed: SEED, numRuns: runs(300) },
  )
})
