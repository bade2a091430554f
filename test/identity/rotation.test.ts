import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KeyLog } from '../../src/core/key-log.ts'
import { keySigner } from '../../src/core/p256.ts'
import { isHere, type RootPlace } from '../../src/core/root-key.ts'
import { type Ground, recoverLost, rotateOwn } from '../../src/identity/rotation.ts'
import { codeOf } from '../connection/sides.ts'
import { alice, createDisk, phrase, signer, start, token } from './renewals.ts'

/** Rotation that takes the new root key elsewhere, on a directory and a disk in memory. */

test('a rotation takes its root key elsewhere before it is saved, and only there', async () => {
  const { ground, known } = await start(alice.log)
  const steps: unknown[] = []
  const keepRoot: Ground['keepRoot'] = async (key) => {
    steps.push(disk.saves, (await known()).epoch)
    return { ...keySigner(key), token }
  }
  const onSaved = (_log: KeyLog, place: RootPlace): void => void steps.push(place)
  const disk = createDisk(alice)
  const moving: Ground = { ...ground, keepRoot, onSaved }
  const { log } = await rotateOwn(alice, disk, phrase, 'active', moving)
  assert.deepEqual(disk.identity?.root, { publicKey: log.last.entry.root, token })
  await recoverLost(alice.log.id, disk, phrase, moving)
  assert.deepEqual(steps, [0, 0, 'token', 1, 1, 'token'])
  assert.ok(disk.identity !== null && !isHere(disk.identity.root))
  await rotateOwn(disk.identity, disk, phrase, 'active', ground)
  assert.ok(disk.identity !== null && isHere(disk.identity.root))
})

test('a root key that cannot be taken there, or is another one there, changes nothing', async () => {
  const { ground, known } = await start(alice.log)
  const disk = createDisk(alice)
  const ways = [() => Promise.reject(new Error('full')), async () => signer]
  const [full, other] = ways.map((keepRoot) => rotateOwn(alice, disk, phrase, 'active', { ...ground, keepRoot }))
  await assert.rejects(full ?? Promise.resolve(), { message: 'full' })
  assert.equal(await codeOf(other ?? Promise.resolve()), 'ERR_ROOT_OTHER')
  assert.deepEqual([disk.saves, (await known()).epoch], [0, 0])
})
