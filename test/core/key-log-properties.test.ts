import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { equal } from '../../src/core/bytes.ts'
import { KeyLogError } from '../../src/core/errors.ts'
import {
  compareLogs,
  type KeyLog,
  type LogRelation,
  prefixOf,
  rotateLog,
  updateLog,
  verifyLog,
} from '../../src/core/key-log.ts'
import type { P256PrivateKey } from '../../src/core/p256.ts'
import { at, envelopesOf, flip, makeDevice, makeIdentity, makeKey, NOW, publicOf } from './identities.ts'

const SEED = 20260101
const alice = makeIdentity('alice', { rotations: 12 })
const phones = Array.from({ length: 4 }, (_, index) => publicOf([makeDevice(`device ${index}`)]))
const mallorysKeys = Array.from({ length: 30 }, (_, index) => makeKey(`mallory/${index}`))

/** A log and the root keys along it: `keys[epoch]` signs updates, `keys[epoch + 1]` is the one committed to. */
type Branch = { readonly log: KeyLog; readonly keys: readonly P256PrivateKey[] }

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

/** One more entry, or null when its signer does not hold the key or the log has ended. */
const grow = (
  { log, keys }: Branch,
  { kind, entry }: Step,
  holds: (key: P256PrivateKey) => boolean,
  fresh: P256PrivateKey,
): Branch | null => {
  const key = at(keys, log.epoch + (kind === 'rotate' ? 1 : 0))
  if (log.last.entry.status === 'retired' || !holds(key)) return null
  const content = {
    devices: at(phones, entry % phones.length),
    status: kind === 'retire' ? 'retired' : 'active',
    time: NOW,
  } as const
  if (kind !== 'rotate') return { log: updateLog(log, key, content), keys }
  return { log: rotateLog(log, key, fresh.publicKey, content), keys: [...keys.slice(0, log.epoch + 2), fresh] }
}

const cut = ({ log, keys }: Branch, seq: number): Branch => ({ log: prefixOf(log, seq), keys })

const active = (branch: Branch): Branch =>
  branch.log.last.entry.status === 'retired' ? cut(branch, branch.log.last.entry.seq - 1) : branch

/** The owner's log after each step; it parts from a retirement of its own rather than end there. */
const ownersBranches = (steps: readonly Step[]): readonly Branch[] => {
  const branches: Branch[] = [{ log: alice.log, keys: alice.roots }]
  for (const step of steps) {
    const branch = active(at(branches, -1))
    const next = grow(branch, step, () => true, at(alice.roots, branch.log.epoch + 2))
    if (next !== null) branches.push({ ...next, keys: alice.roots })
  }
  return branches
}

/** Every log a thief makes who saw all of the owner's and stole some of its root keys. */
const thiefsBranches = (
  seen: readonly Branch[],
  stolen: readonly P256PrivateKey[],
  steps: readonly Step[],
): Branch[] => {
  const made: Branch[] = []
  const holds = (key: P256PrivateKey) => stolen.includes(key) || mallorysKeys.includes(key)
  for (const [index, step] of steps.entries()) {
    const all = [...seen, ...made]
    const from = at(all, step.branch % all.length)
    const next = grow(cut(from, step.entry % from.log.entries.length), step, holds, at(mallorysKeys, index))
    if (next !== null) made.push(next)
  }
  return made
}

const check = (runs: number, property: fc.IProperty<[readonly Step[], readonly Step[], readonly boolean[]]>): void =>
  fc.assert(property, { seed: SEED, numRuns: runs })
const world = [schedule(7), schedule(14), fc.array(fc.boolean(), { minLength: 12, maxLength: 12 })] as const

const relationsOf = (logs: readonly Branch[], to: Branch): readonly LogRelation[] =>
  logs.map(({ log }) => compareLogs(log, to.log))

test('§2 the thief of former root keys signs nothing that stands, and without a rotated one not even a fork', () => {
  const reached = new Set<LogRelation>()
  check(
    150,
    fc.property(...world, (ownersSteps, thiefsSteps, taken) => {
      const seen = ownersBranches(ownersSteps)
      const owner = at(seen, -1)
      const stolen = alice.roots.slice(0, owner.log.epoch).filter((_, epoch) => taken[epoch])
      const relations = relationsOf(thiefsBranches(seen, stolen, thiefsSteps), owner)
      for (const relation of relations) {
        reached.add(relation)
        assert.ok(relation !== 'longer' && relation !== 'supersedes', relation)
        if (stolen.every((key) => key === alice.roots[0])) assert.notEqual(relation, 'fork')
      }
    }),
  )
  assert.ok(reached.has('fork') && reached.has('superseded'))
})

test("§2 the owner's next rotation stands over whatever the thief of any used root key signed", () => {
  const reached = new Set<LogRelation>()
  check(
    150,
    fc.property(...world, (ownersSteps, thiefsSteps, taken) => {
      const seen = ownersBranches(ownersSteps)
      const before = active(at(seen, -1))
      const { epoch } = before.log
      const stolen = alice.roots.slice(0, epoch + 1).filter((_, index) => taken[index])
      const made = thiefsBranches(seen, stolen, thiefsSteps)
      const rotation: Step = { kind: 'rotate', branch: 0, entry: 0 }
      const owner = grow(before, rotation, () => true, at(alice.roots, epoch + 2))
      assert.ok(owner !== null)
      for (const relation of relationsOf(made, owner)) {
        reached.add(relation)
        assert.ok(relation === 'shorter' || relation === 'superseded' || relation === 'fork', relation)
        if (stolen.every((key) => key === alice.roots[0])) assert.notEqual(relation, 'fork')
      }
    }),
  )
  assert.ok(reached.has('fork') && reached.has('superseded'))
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
      const seen = ownersBranches(ownersSteps)
      const stolen = alice.roots.filter((_, epoch) => taken[epoch])
      const logs = [...seen, ...thiefsBranches(seen, stolen, thiefsSteps)].map(({ log }) => log)
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
      const seen = ownersBranches(ownersSteps)
      const stolen = alice.roots.filter((_, epoch) => taken[epoch])
      for (const { log } of [at(seen, -1), ...thiefsBranches(seen, stolen, thiefsSteps).slice(-2)]) {
        const envelopes = envelopesOf(log)
        assert.deepEqual(verifyLog(alice.log.id, envelopes, NOW), log)
        for (const seq of envelopes.keys())
          assert.deepEqual(prefixOf(log, seq), verifyLog(alice.log.id, envelopes.slice(0, seq + 1), NOW))
      }
    }),
  )
})

const sample = at(
  ownersBranches([
    { kind: 'update', branch: 0, entry: 1 },
    { kind: 'rotate', branch: 0, entry: 2 },
    { kind: 'update', branch: 0, entry: 3 },
  ]),
  -1,
).log
const anyEntry = fc.nat(sample.entries.length - 1)

test('§2 a log with any one byte changed does not verify', () => {
  fc.assert(
    fc.property(anyEntry, fc.nat(10_000), fc.integer({ min: 1, max: 255 }), (index, position, mask) => {
      const envelopes = envelopesOf(sample).with(
        index,
        flip(at(envelopesOf(sample), index), position % at(envelopesOf(sample), index).length, mask),
      )
      assert.throws(() => verifyLog(alice.log.id, envelopes, NOW), KeyLogError)
    }),
    { seed: SEED, numRuns: 600 },
  )
})

test('§2 of the entries in any order, with any missing or repeated, only a prefix verifies', () => {
  const envelopes = envelopesOf(sample)
  fc.assert(
    fc.property(fc.array(anyEntry, { minLength: 1, maxLength: 5 }), (order) => {
      const chosen = order.map((index) => at(envelopes, index))
      const isPrefix = order.every((index, place) => index === place)
      if (isPrefix) assert.equal(verifyLog(alice.log.id, chosen, NOW).entries.length, order.length)
      else assert.throws(() => verifyLog(alice.log.id, chosen, NOW), KeyLogError)
    }),
    { seed: SEED, numRuns: 300 },
  )
})
