import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type ErrorCode, HandfastError } from '../../src/core/errors.ts'
import { checkForkProof, encodeForkProof, FORK_PROOF_BYTES_MAX } from '../../src/core/fork-proof.ts'
import { type EntryContent, type KeyLog, rotateLog, updateLog } from '../../src/core/key-log.ts'
import { LOG_ENTRIES_MAX } from '../../src/core/limits/protocol-limits.ts'
import { runs } from '../runs.ts'
import {
  at,
  commitmentAfter,
  envelopesOf,
  failsWith,
  flip,
  lengthen,
  makeDevice,
  makeIdentity,
  NOW,
  publicOf,
} from './identities.ts'

const alice = makeIdentity('alice')
const bob = makeIdentity('bob')
const content = (name: string, status: EntryContent['status'] = 'active'): EntryContent => ({
  devices: publicOf([makeDevice(name)]),
  status,
  time: NOW,
})
const update = (log: KeyLog, name: string) => updateLog(log, at(alice.roots, log.epoch), content(name))
const rotate = (log: KeyLog, name = 'phone') =>
  rotateLog(log, at(alice.roots, log.epoch + 1), commitmentAfter(alice, log.epoch + 1), content(name))

const shared = update(alice.log, 'phone')
const owner = update(update(shared, 'tablet'), 'laptop')
const thief = update(shared, 'mallory')
const valid = encodeForkProof(owner, thief)

test('§6 a proof says whose logs contradict each other, and where', () => {
  const proof = checkForkProof(valid)
  assert.deepEqual(proof, { address: alice.address, a: owner, b: thief, parting: 2 })
  assert.deepEqual(checkForkProof(encodeForkProof(thief, owner)), { ...proof, a: thief, b: owner })
})

const forks: readonly (readonly [string, KeyLog, KeyLog, number])[] = [
  ['updates after the first entry', update(alice.log, 'a'), update(alice.log, 'b'), 1],
  ['two signatures of one update', update(alice.log, 'a'), update(alice.log, 'a'), 1],
  ['a rotation signed twice', rotate(shared), rotate(shared, 'mallory'), 2],
  ['the same rotation at two places', rotate(shared), rotate(alice.log), 1],
  ['updates after a rotation', update(rotate(shared), 'a'), update(update(rotate(alice.log), 'a'), 'b'), 1],
  ['a retirement', updateLog(shared, at(alice.roots, 0), content('phone', 'retired')), owner, 2],
]
for (const [name, a, b, parting] of forks)
  test(`§6 round trip: ${name}`, () => {
    assert.deepEqual(checkForkProof(encodeForkProof(a, b)), { address: alice.address, a, b, parting })
  })

test('§6 the file is JSON that names itself, the address and both logs in base64url', () => {
  const base64 = (log: KeyLog) => envelopesOf(log).map((envelope) => Buffer.from(envelope).toString('base64url'))
  assert.equal(valid.at(-1), '\n')
  const expected = { handfast: 'fork-proof', version: 1, address: alice.address, a: base64(owner), b: base64(thief) }
  assert.deepEqual(JSON.parse(valid), expected)
})

test('§6 the largest fork there can be fits', () => {
  const seven = makeIdentity('seven', { devices: 7 })
  const root = at(seven.roots, 0)
  const [a, b] = [lengthen(seven.log, root, LOG_ENTRIES_MAX), lengthen(seven.log, root, LOG_ENTRIES_MAX)]
  const text = encodeForkProof(a, b)
  assert.ok(text.length < FORK_PROOF_BYTES_MAX)
  assert.equal(checkForkProof(text).parting, 1)
})

test('§6 larger than any proof is not read', () => {
  const padded = (size: number) => valid.padEnd(size)
  assert.equal(checkForkProof(padded(FORK_PROOF_BYTES_MAX)).parting, 2)
  assert.throws(() => checkForkProof(padded(FORK_PROOF_BYTES_MAX + 1)), failsWith('ERR_PROOF'))
  assert.throws(() => checkForkProof('['.repeat(FORK_PROOF_BYTES_MAX)), failsWith('ERR_PROOF'))
})

type Fields = { [field: string]: unknown; a: string[]; b: string[] }
/** The valid proof with something changed. */
const changed = (change: (fields: Fields) => Partial<Fields>): string => {
  const fields: Fields = JSON.parse(valid)
  return JSON.stringify({ ...fields, ...change(fields) })
}
const textOf = (envelope: Uint8Array) => Buffer.from(envelope).toString('base64url')
const logText = (log: KeyLog) => envelopesOf(log).map(textOf)
const flipped = (texts: readonly string[], index: number): string[] =>
  texts.with(index, textOf(flip(Uint8Array.from(Buffer.from(at(texts, index), 'base64url')))))

test('§6 logs that do not contradict each other are no proof, neither written nor read', () => {
  const pairs: readonly (readonly [KeyLog, KeyLog])[] = [
    [owner, owner],
    [owner, shared],
    [alice.log, owner],
    [rotate(shared), thief],
    [thief, rotate(alice.log)],
    [rotate(rotate(shared)), rotate(alice.log)],
  ]
  for (const [a, b] of pairs) {
    assert.throws(() => encodeForkProof(a, b), { name: 'KeyLogError', code: 'ERR_PROOF' })
    const text = changed(() => ({ a: logText(a), b: logText(b) }))
    assert.throws(() => checkForkProof(text), { name: 'KeyLogError', code: 'ERR_PROOF' })
  }
})

test('§6 logs of two addresses are no proof', () => {
  const other = updateLog(bob.log, at(bob.roots, 0), content('phone'))
  assert.throws(() => encodeForkProof(owner, other), failsWith('ERR_LOG_ADDRESS'))
})

const corruptions: readonly (readonly [ErrorCode, string, string])[] = [
  ['ERR_PROOF', 'no text', ''],
  ['ERR_PROOF', 'cut off', valid.slice(0, -3)],
  ['ERR_PROOF', 'trailing text', `${valid}x`],
  ['ERR_PROOF', 'two of them', valid + valid],
  ...['null', '1', '"fork-proof"', '[]', '{}', `[${valid}]`].map(
    (text) => ['ERR_PROOF', JSON.stringify(text.slice(0, 20)), text] as const,
  ),
  ...['handfast', 'version', 'address', 'a', 'b'].flatMap((field) => [
    ['ERR_PROOF', `no ${field}`, changed(() => ({ [field]: undefined }))] as const,
    ['ERR_PROOF', `${field} is null`, changed(() => ({ [field]: null }))] as const,
    ['ERR_PROOF', `${field} is an object`, changed(() => ({ [field]: {} }))] as const,
  ]),
  ['ERR_PROOF', 'another kind of file', changed(() => ({ handfast: 'backup' }))],
  ['ERR_PROOF', 'version 2', changed(() => ({ version: 2 }))],
  ['ERR_PROOF', 'version as text', changed(() => ({ version: '1' }))],
  ['ERR_PROOF', 'an unknown field', changed(() => ({ note: '' }))],
  ['ERR_PROOF', 'a __proto__', valid.replace('{', '{"__proto__": {},')],
  ['ERR_PROOF', 'an empty branch', changed(() => ({ b: [] }))],
  ['ERR_PROOF', 'a branch of 65 entries', changed(({ a }) => ({ a: Array.from({ length: 65 }, () => at(a, 0)) }))],
  ['ERR_PROOF', 'a branch that is text', changed(({ a }) => ({ b: at(a, 0) as never }))],
  ['ERR_PROOF', 'an entry that is a number', changed(({ a }) => ({ a: a.with(1, 5 as never) }))],
  ['ERR_PROOF', 'an empty entry', changed(({ a }) => ({ a: a.with(1, '') }))],
  ['ERR_PROOF', 'an entry of 901 bytes', changed(({ b }) => ({ b: b.with(2, textOf(new Uint8Array(901))) }))],
  [
    'ERR_LOG_DECODE',
    'an entry that is no envelope',
    changed(({ b }) => ({ b: b.with(2, textOf(new Uint8Array(900))) })),
  ],
  ['ERR_LOG_ADDRESS', 'another address', changed(() => ({ address: bob.address }))],
  ['ERR_LOG_ADDRESS', 'an address in capitals', changed(({ address }) => ({ address: String(address).toUpperCase() }))],
  ['ERR_LOG_ADDRESS', 'no address at all', changed(() => ({ address: '' }))],
  ['ERR_LOG_ADDRESS', 'a branch of another address', changed(() => ({ b: logText(bob.log) }))],
  ['ERR_LOG_ADDRESS', 'another first entry on one side', changed(({ a }) => ({ a: flipped(a, 0) }))],
  ['ERR_LOG_ADDRESS', 'another first entry on the other', changed(({ b }) => ({ b: flipped(b, 0) }))],
  ['ERR_LOG_SIGNATURE', 'a changed signature on one side', changed(({ a }) => ({ a: flipped(a, 3) }))],
  ['ERR_LOG_SIGNATURE', 'a changed signature on the other', changed(({ b }) => ({ b: flipped(b, 2) }))],
  ['ERR_LOG_SEQ', 'an entry left out', changed(({ a }) => ({ a: a.toSpliced(1, 1) }))],
  ['ERR_LOG_PREV', 'an entry of the other branch', changed(({ a, b }) => ({ b: [...b, at(a, 3)] }))],
]
for (const [code, name, text] of corruptions)
  test(`§6 ${name}: ${code}`, () => {
    assert.throws(() => checkForkProof(text), failsWith(code))
  })

test('§6 what the two logs say of their time does not matter', () => {
  const ahead = updateLog(shared, at(alice.roots, 0), { ...content('tablet'), time: Number.MAX_SAFE_INTEGER })
  assert.equal(checkForkProof(encodeForkProof(ahead, thief)).parting, 2)
})

test('§6 whatever character is changed, a text proves the same fork or none', () => {
  const proof = checkForkProof(valid)
  const refused = new Set<ErrorCode>()
  fc.assert(
    fc.property(fc.nat(valid.length - 1), fc.constantFrom(...'A0z_"{[]},: \\~é\0'), (index, character) => {
      const text = valid.slice(0, index) + character + valid.slice(index + 1)
      try {
        assert.deepEqual(checkForkProof(text), proof)
      } catch (error) {
        if (!(error instanceof HandfastError)) throw error
        refused.add(error.code)
      }
    }),
    { seed: 20260101, numRuns: runs(800) },
  )
  assert.ok(refused.has('ERR_PROOF') && refused.has('ERR_LOG_SIGNATURE'))
})
