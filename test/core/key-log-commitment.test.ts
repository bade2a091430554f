import assert from 'node:assert/strict'
import { test } from 'node:test'
import { epochKeys } from '../../src/core/epoch-keys.ts'
import { blake2b256, sha256 } from '../../src/core/kdf.ts'
import { ROTATIONS_MAX, rotateLog, updateLog } from '../../src/core/key-log.ts'
import { at, commitmentAfter, failsWith, makeBytes, makeIdentity, makeKey, NOW, publicOf } from './identities.ts'

const alice = makeIdentity('alice')
const devices = publicOf(alice.devices)
const [first, second] = [at(alice.roots, 1).publicKey, at(alice.roots, 2).publicKey]

test('§2 a commitment is H(next root ‖ its after ‖ its commitment), and 32 zero bytes after the last', () => {
  const zeros = new Uint8Array(32)
  const slots = [0, 1, 2].map((number) => makeBytes(`slot ${number}`, 32))
  const [slot, ofFirst, ofSecond] = [at(slots, 0), at(slots, 1), at(slots, 2)]
  const rotations = [
    { root: first, slot: ofFirst },
    { root: second, slot: ofSecond },
  ]
  const place = blake2b256
  assert.deepEqual(epochKeys(slot, []), { slot, next: zeros, after: zeros })
  const one = { slot, next: sha256(second, zeros, zeros), after: place(ofSecond) }
  assert.deepEqual(epochKeys(slot, rotations.slice(1)), one)
  const two = { slot, next: sha256(first, place(ofSecond), one.next), after: place(ofFirst) }
  assert.deepEqual(epochKeys(slot, rotations), two)
  assert.equal(ROTATIONS_MAX, 63)
})

test('§2.5 after the last root key there is no rotation', () => {
  let log = alice.log
  for (const [rotation, key] of [...alice.roots.entries()].slice(1))
    log = rotateLog(log, key, commitmentAfter(alice, rotation), { devices, time: NOW })
  assert.deepEqual([log.epoch, log.last.entry.next], [5, new Uint8Array(32)])
  const none = epochKeys(makeBytes('slot', 32), [])
  for (const key of [makeKey('stranger'), at(alice.roots, 0), at(alice.roots, 4)])
    assert.throws(() => rotateLog(log, key, none, { devices, time: NOW }), failsWith('ERR_LOG_ROOT'))
  assert.equal(updateLog(log, at(alice.roots, 5), { devices, time: NOW }).epoch, 5)
})
