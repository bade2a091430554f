import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rotateLog, updateLog } from '../../src/core/key-log.ts'
import { findKey, keyAt } from '../../src/core/key-place.ts'
import { at, commitmentAfter, makeDevice, makeIdentity, makeKey, NOW, publicOf } from './identities.ts'

const alice = makeIdentity('key place', { devices: 2 })
const root = (rotation: number) => at(alice.roots, rotation)
const fresh = makeDevice('key place/fresh')
const [phone, laptop] = [at(alice.devices, 0), at(alice.devices, 1)]
const updated = updateLog(alice.log, root(0), { devices: publicOf([phone, fresh]), time: NOW })
const rotated = rotateLog(updated, root(1), commitmentAfter(alice, 1), { devices: publicOf([fresh]), time: NOW })

test('a present key is found where it stands in the last entry', () => {
  assert.deepEqual(findKey(updated, root(0).publicKey), { use: 'root', device: null, seq: 1 })
  assert.deepEqual(findKey(updated, phone.sign.publicKey), { use: 'sign', device: 0, seq: 1 })
  assert.deepEqual(findKey(updated, phone.ik.publicKey), { use: 'dh', device: 0, seq: 1 })
  assert.deepEqual(findKey(updated, fresh.ik.publicKey), { use: 'dh', device: 1, seq: 1 })
  assert.deepEqual(findKey(rotated, fresh.sign.publicKey), { use: 'sign', device: 0, seq: 2 })
})

test('a former key is found in the last entry that has it', () => {
  assert.deepEqual(findKey(rotated, root(0).publicKey), { use: 'root', device: null, seq: 1 })
  assert.deepEqual(findKey(rotated, laptop.sign.publicKey), { use: 'sign', device: 1, seq: 0 })
  assert.deepEqual(findKey(rotated, phone.ik.publicKey), { use: 'dh', device: 0, seq: 1 })
})

test('a stranger’s key, and a root key that is only committed to, are found nowhere', () => {
  assert.equal(findKey(rotated, makeKey('stranger').publicKey), null)
  assert.equal(findKey(rotated, root(2).publicKey), null)
})

test('the key of a use is the one that is found there; a device that is not there has none', () => {
  const { entry } = updated.last
  for (const use of ['root', 'sign', 'dh'] as const)
    for (const device of [0, 1]) {
      const place = findKey(updated, keyAt(entry, use, device) ?? new Uint8Array(33))
      assert.deepEqual(place, { use, device: use === 'root' ? null : device, seq: 1 })
    }
  assert.equal(keyAt(entry, 'sign', 2), undefined)
})
