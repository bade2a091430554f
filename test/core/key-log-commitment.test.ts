import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sha256 } from '../../src/core/kdf.ts'
import { commitToRoots, ROTATIONS_MAX, rotateLog, updateLog } from '../../src/core/key-log.ts'
import { at, commitmentAfter, failsWith, makeIdentity, makeKey, NOW, publicOf } from './identities.ts'

const alice = makeIdentity('alice')
const devices = publicOf(alice.devices)
const [first, second] = [at(alice.roots, 1).publicKey, at(alice.roots, 2).publicKey]

test('§2 a commitment is H(next root ‖ its commitment), and 32 zero bytes after the last', () => {
  const zeros = new Uint8Array(32)
  assert.deepEqual(commitToRoots([]), zeros)
  assert.deepEqual(commitToRoots([second]), sha256(second, zeros))
  const two = sha256(first, sha256(second, zeros))
  assert.deepEqual(commitToRoots([first, second]), two)
  assert.equal(ROTATIONS_MAX, 63)
})

test('§2.5 after the last root key there is no rotation', () => {
  let log = alice.log
  for (const [rotation, key] of [...alice.roots.entries()].slice(1))
    log = rotateLog(log, key, commitmentAfter(alice, rotation), { devices, time: NOW })
  assert.deepEqual([log.epoch, log.last.entry.next], [5, new Uint8Array(32)])
  for (const key of [makeKey('stranger'), at(alice.roots, 0), at(alice.roots, 4)])
    assert.throws(() => rotateLog(log, key, new Uint8Array(32), { devices, time: NOW }), failsWith('ERR_LOG_ROOT'))
  assert.equal(updateLog(log, at(alice.roots, 5), { devices, time: NOW }).epoch, 5)
})
