import assert from 'node:assert/strict'
import { test } from 'node:test'
import { adoptIdentity, type Identity, publicDevice, renewDevice } from '../../src/core/identity.ts'
import { compareLogs, type KeyLog, updateLog } from '../../src/core/key-log.ts'
import { LOG_ENTRIES_MAX } from '../../src/core/limits/protocol-limits.ts'
import { keySigner } from '../../src/core/p256.ts'
import { rotateIdentity } from '../../src/core/recovery.ts'
import { elsewhere, isHere, type RootPlace, type RootSigner } from '../../src/core/root-key.ts'
import { renewOwn } from '../../src/identity/renewal.ts'
import { codeOf, makeWorld } from '../connection/sides.ts'
import { lengthen, makeKey, NOW } from '../core/identities.ts'
import { seededRandom } from '../core/test-bytes.ts'
import { hanging, silent } from '../directory/memory-network.ts'
import { alice, createDisk, phrase, refusing, root, signer, start, token } from './renewals.ts'

/** Renewal by the root key, which is elsewhere, on a directory and a disk in memory. */

const { devices } = alice.log.last.entry

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
    await codeOf(renewOwn(alice, disk, undefined, { directory: town.directory.directory, world: makeWorld('x') })),
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
