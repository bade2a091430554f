import assert from 'node:assert/strict'
import { test } from 'node:test'
import { adoptIdentity, createIdentityBy, type Identity, publicDevice, renewDevice } from '../../src/core/identity.ts'
import { compareLogs, type KeyLog, updateLog } from '../../src/core/key-log.ts'
import { LOG_ENTRIES_MAX } from '../../src/core/limits/protocol-limits.ts'
import { keySigner } from '../../src/core/p256.ts'
import { rotateIdentity } from '../../src/core/recovery.ts'
import { elsewhere, isHere, type RootPlace, type RootSigner } from '../../src/core/root-key.ts'
import { lookup } from '../../src/directory/client/lookup.ts'
import { adoptLost, renewOwn } from '../../src/identity/renewal.ts'
import { type Ground, type Keeping, recoverLost, rotateOwn } from '../../src/identity/rotation.ts'
import { codeOf, identityOf, makeWorld } from '../connection/sides.ts'
import { lengthen, makeKey, NOW } from '../core/identities.ts'
import { seededRandom } from '../core/test-bytes.ts'
import { hanging, silent } from '../directory/memory-network.ts'
import { createTown } from '../messages/town.ts'

/** Renewal by the root key, which is elsewhere, on a directory and a disk in memory. */

const root = makeKey('renewal/root')
const token = { module: '/module.so', token: 'Alice', key: '0a' }
const signer: RootSigner = { ...keySigner(root), token }
const { identity: alice, phrase } = await createIdentityBy(signer, NOW, seededRandom('renewal/Alice'))
const mallory = identityOf('mallory')
const { devices } = alice.log.last.entry

const createDisk = (identity: Identity | null) => {
  const disk = {
    identity,
    saves: 0,
    save: async (next: Identity): Promise<void> => void Object.assign(disk, { identity: next, saves: disk.saves + 1 }),
  }
  return disk
}

const start = async (...published: readonly KeyLog[]) => {
  const town = createTown()
  const ground: Ground = { directory: town.directory.network, world: makeWorld('renewal') }
  const known = async (): Promise<KeyLog> => {
    const { log, fork } = await lookup(ground.directory, alice.log.id, {
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

const refusing = (log: KeyLog, status: 'active' | 'retired' = 'active'): KeyLog =>
  updateLog(log, root, { devices: [publicDevice(mallory)], status, time: NOW })

test('a renewal continues the log, is on disk before it is published, and keeps the root key where it is', async () => {
  const { known, renew } = await start(alice.log)
  const disk = createDisk(alice)
  const steps: unknown[] = []
  const save = async (next: Identity): Promise<void> => {
    steps.push((await known()).last.entry.seq)
    await disk.save(next)
  }
  const onSaved = (log: KeyLog, place: RootPlace): void => void steps.push(log === disk.identity?.log, place)
  const { log, publication } = await renew({ identity: alice, save }, signer, { onSaved })
  assert.deepEqual(steps, [0, true, 'token'])
  assert.equal(compareLogs(log, alice.log), 'longer')
  assert.deepEqual([log.epoch, log.last.entry.seq, publication.accepted], [0, 1, 3])
  assert.deepEqual((await known()).last.hash, log.last.hash)
  assert.deepEqual(disk.identity?.root, alice.root)
  assert.ok(disk.identity !== null)
  assert.deepEqual(log.last.entry.devices, [publicDevice(disk.identity)])
  assert.notDeepEqual(disk.identity.transportSeed.export(), alice.transportSeed.export())
})

test('an identity nobody has heard of yet can be renewed; a clock that is behind does not matter', async () => {
  const { renew, ground } = await start()
  const late = { ...ground.world, clock: () => (NOW - 500) * 1000 }
  assert.equal((await renew(createDisk(alice), signer, { world: late })).log.last.entry.time, NOW)
})

test('a token that has moved is remembered where it is now', async () => {
  const { renew } = await start(alice.log)
  const disk = createDisk(alice)
  const moved = { ...token, module: '/other/module.so' }
  await renew(disk, { ...signer, token: moved })
  assert.deepEqual(disk.identity?.root, { publicKey: root.publicKey, token: moved })
  // A signer that nothing is known of does not make that forgotten, nor does a token the key that is here.
  await renew(disk, keySigner(root))
  assert.deepEqual(disk.identity?.root, { publicKey: root.publicKey, token: moved })
  assert.ok(disk.identity !== null)
  const own = createDisk({ ...alice, log: disk.identity.log, root })
  await renew(own, signer)
  assert.ok(own.identity !== null && isHere(own.identity.root))
})

test('without the right signer, a directory that answers, or a disk, nothing changes', async () => {
  const { town, renew, known, reboot } = await start(alice.log)
  const disk = createDisk(alice)
  const other = keySigner(makeKey('other'))
  assert.equal(await codeOf(renew(disk, other)), 'ERR_ROOT_OTHER')
  const failing = { ...signer, sign: () => Promise.reject(new Error('pulled out')) }
  await assert.rejects(renew(disk, failing), { message: 'pulled out' })
  const lying = { ...signer, sign: async () => new Uint8Array(64) }
  assert.equal(await codeOf(renew(disk, lying)), 'ERR_SIGNER')
  for (const node of town.directory.nodes) node.behaviour = silent
  assert.equal(await codeOf(renew(disk)), 'ERR_LOOKUP_INCOMPLETE')
  // Whether there is a signer is known before anybody is asked.
  assert.equal(
    await codeOf(renewOwn(alice, disk, undefined, { directory: town.directory.network, world: makeWorld('x') })),
    'ERR_ROOT_ELSEWHERE',
  )
  reboot()
  await assert.rejects(renew({ identity: alice, save: () => Promise.reject(new Error('no disk')) }), {
    message: 'no disk',
  })
  assert.deepEqual([disk.saves, await known()], [0, alice.log])
})

test('a signal ends it before anything is signed', async () => {
  const { town, renew, adopt } = await start(alice.log)
  for (const node of town.directory.nodes) node.behaviour = hanging
  const asked: unknown[] = []
  const sign: RootSigner['sign'] = (message) => {
    asked.push(message)
    return signer.sign(message)
  }
  const watching: RootSigner = { ...signer, sign }
  const disk = createDisk(alice)
  for (const work of [renew, adopt]) {
    const abort = new AbortController()
    const ended = work(disk, watching, { signal: abort.signal })
    const reason = new Error('changed my mind')
    abort.abort(reason)
    await assert.rejects(ended, reason)
  }
  assert.deepEqual([disk.saves, asked.length], [0, 0])
})

test('after a crash between saving and publishing a second run goes on, without a fork', async () => {
  const { renew, known, crash, reboot } = await start(alice.log)
  const disk = createDisk(alice)
  assert.equal(await codeOf(renew(disk, signer, crash)), 'ERR_PUBLISH_REFUSED')
  reboot()
  const saved = disk.identity?.log
  assert.ok(saved !== undefined)
  assert.deepEqual([saved.last.entry.seq, (await known()).last.entry.seq], [1, 0])
  const { log } = await renew(disk)
  assert.equal(compareLogs(log, saved), 'longer')
  assert.deepEqual((await known()).last.hash, log.last.hash)
})

test('whatever else is known of it, nothing is signed that would fork it', async () => {
  const rotated = rotateIdentity(alice.log, phrase, NOW, seededRandom('elsewhere'))
  const stolen = [refusing(alice.log), refusing(alice.log, 'retired'), lengthen(refusing(alice.log), root, 5)]
  const own = (await renewDevice(alice, NOW, seededRandom('own'), signer)).log
  const cases = [
    [alice.log, [rotated.log]],
    [own, [rotated.log]],
    ...stolen.flatMap((log) => [[alice.log, [log]] as const, [own, [log]] as const]),
    // It is forked already: an update would not end that, a rotation would.
    [own, [own, refusing(alice.log)]],
  ] as const
  for (const [log, published] of cases) {
    const { renew, town } = await start()
    for (const one of published) await town.publish(one)
    const disk = createDisk({ ...alice, log })
    assert.equal(await codeOf(renew(disk)), 'ERR_PEER_SUPERSEDED')
    assert.equal(disk.saves, 0)
  }
  // A rotation that was saved here overrules them all.
  const { renew, known } = await start(refusing(alice.log))
  const { log } = await renew(createDisk({ ...rotated }), keySigner(rotated.root))
  assert.deepEqual([log.epoch, (await known()).last.hash], [1, log.last.hash])
})

test('a retired identity, and a log with no room, are not renewed', async () => {
  const { renew } = await start()
  const retired = updateLog(alice.log, root, { devices, status: 'retired', time: NOW })
  const full = lengthen(alice.log, root, LOG_ENTRIES_MAX)
  assert.equal(await codeOf(renew(createDisk({ ...alice, log: retired }))), 'ERR_LOG_RETIRED')
  assert.equal(await codeOf(renew(createDisk({ ...alice, log: full }))), 'ERR_LOG_TOO_LONG')
})

test('address and token alone go on with an identity on a new machine; the stolen laptop is void', async () => {
  const laptop = await renewDevice(alice, NOW, seededRandom('laptop'), signer)
  const { adopt, renew, known } = await start(alice.log, laptop.log)
  const disk = createDisk(null)
  const { log } = await adopt(disk)
  assert.equal(compareLogs(log, laptop.log), 'longer')
  assert.deepEqual((await known()).last.hash, log.last.hash)
  assert.ok(disk.identity !== null)
  assert.deepEqual([disk.identity.root, disk.identity.device], [elsewhere(signer), 0])
  assert.deepEqual(log.last.entry.devices, [publicDevice(disk.identity)])
  assert.equal(await codeOf(renew(createDisk(laptop))), 'ERR_PEER_SUPERSEDED')
  assert.equal((await renew(disk)).log.last.entry.seq, 3)
})

test('nothing is adopted that is not found, forked, retired, or of another root key', async () => {
  const disk = createDisk(null)
  assert.equal(await codeOf((await start()).adopt(disk)), 'ERR_LOOKUP_NOT_FOUND')
  const own = (await renewDevice(alice, NOW, seededRandom('own'), signer)).log
  assert.equal(await codeOf((await start(own, refusing(alice.log))).adopt(disk)), 'ERR_LOG_FORK')
  assert.equal(await codeOf((await start(refusing(alice.log, 'retired'))).adopt(disk)), 'ERR_LOG_RETIRED')
  const rotated = rotateIdentity(alice.log, phrase, NOW, seededRandom('elsewhere'))
  assert.equal(await codeOf((await start(rotated.log)).adopt(disk)), 'ERR_ROOT_OTHER')
  assert.equal(disk.saves, 0)
  const adopted = await adoptIdentity(rotated.log, keySigner(rotated.root), NOW, seededRandom('adopted'))
  assert.equal(adopted.log.epoch, 1)
})

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
