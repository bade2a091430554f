import assert from 'node:assert/strict'
import { createIdentityBy, type Identity, publicDevice } from '../../src/core/identity.ts'
import { type KeyLog, updateLog } from '../../src/core/key-log.ts'
import { keySigner } from '../../src/core/p256.ts'
import type { RootSigner } from '../../src/core/root-key.ts'
import { adoptLost, renewOwn } from '../../src/identity/renewal.ts'
import type { Ground, Keeping } from '../../src/identity/rotation.ts'
import { identityOf, makeWorld } from '../connection/sides.ts'
import { makeKey, NOW } from '../core/identities.ts'
import { seededRandom } from '../core/test-bytes.ts'
import { silent } from '../directory/memory-network.ts'
import { createTown } from '../messages/town.ts'

/** Alice's identity, whose root key is elsewhere, on a directory and a disk in memory. */

export const root = makeKey('renewal/root')
export const token = { module: '/module.so', token: 'Alice', key: '0a' }
export const signer: RootSigner = { ...keySigner(root), token }
export const { identity: alice, phrase } = await createIdentityBy(signer, NOW, seededRandom('renewal/Alice'))
const mallory = identityOf('mallory')

export const createDisk = (identity: Identity | null) => {
  const disk = {
    identity,
    saves: 0,
    save: async (next: Identity): Promise<void> => void Object.assign(disk, { identity: next, saves: disk.saves + 1 }),
  }
  return disk
}

export const start = async (...published: readonly KeyLog[]) => {
  const town = createTown()
  const ground: Ground = { directory: town.directory.directory, world: makeWorld('renewal') }
  const known = async (): Promise<KeyLog> => {
    const { log, fork } = await ground.directory.lookup(alice.log.id, {
      now: NOW,
      signal: AbortSignal.timeout(60_000),
    })
    assert.equal(fork, null)
    return log
  }
  for (const log of published) await town.publish(log)
  const renew = (keeping: Keeping, by: RootSigner | undefined = signer, changed: Partial<Ground> = {}) => {
    assert.ok(keeping.identity !== null)
    return renewOwn(keeping.identity, keeping, by, { ...ground, ...changed })
  }
  const adopt = (keeping: Keeping, by: RootSigner = signer, changed: Partial<Ground> = {}) =>
    adoptLost(alice.log.id, keeping, by, { ...ground, ...changed })
  /** From the moment the new keys are saved, nobody answers: the machine has crashed. */
  const crash: Partial<Ground> = {
    onSaved: () => {
      for (const node of town.directory.nodes) node.behaviour = silent
    },
  }
  const reboot = (): void => {
    for (const node of town.directory.nodes) node.behaviour = null
  }
  return { town, ground, known, renew, adopt, crash, reboot }
}

export const refusing = (log: KeyLog, status: 'active' | 'retired' = 'active'): KeyLog =>
  updateLog(log, root, { devices: [publicDevice(mallory)], status, time: NOW })
