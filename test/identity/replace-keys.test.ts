import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createIdentity, type Identity, publicDevice, renewDevice } from '../../src/core/identity.ts'
import { compareLogs, type KeyLog, updateLog } from '../../src/core/key-log.ts'
import { LOG_ENTRIES_MAX } from '../../src/core/limits/protocol-limits.ts'
import { isFinal, recoveryBase, rotateIdentity } from '../../src/core/recovery.ts'
import { closedSlots } from '../../src/core/slot.ts'
import { type Ground, type Keeping, type Recovering, recoverLost, rotateOwn } from '../../src/identity/rotation.ts'
import { codeOf, makeWorld } from '../connection/sides.ts'
import { lengthen, NOW } from '../core/identities.ts'
import { seededRandom } from '../core/test-bytes.ts'
import { hanging, silent } from '../directory/memory-network.ts'
import { createTown } from '../messages/town.ts'

/** Rotation, recovery and retirement on a directory and a disk in memory. */

const { identity: alice, phrase } = createIdentity(NOW, seededRandom('recovery/Alice'))
const { phrase: mallorysPhrase, identity: mallory } = createIdentity(NOW, seededRandom('recovery/Mallory'))

const createDisk = (identity: Identity | null) => {
  const disk = {
    identity,
    saves: 0,
    save: async (next: Identity): Promise<void> => {
      disk.identity = next
      disk.saves += 1
    },
  }
  return disk
}

const start = async (published: KeyLog | null = alice.log) => {
  const town = createTown()
  const ground: Ground = { directory: town.directory.directory, world: makeWorld('recovery') }
  const known = async (): Promise<KeyLog | null> =>
    ground.directory.lookup(alice.log.id, { now: NOW, signal: AbortSignal.timeout(60_000) }).then(
      ({ log, fork }) => {
        assert.equal(fork, null)
        return log
      },
      () => null,
    )
  if (published !== null) await town.publish(published)
  const rotate = (keeping: Keeping, words = phrase, changed: Partial<Ground> = {}) => {
    assert.ok(keeping.identity !== null)
    return rotateOwn(keeping.identity, keeping, words, 'active', { ...ground, ...changed })
  }
  const retire = (keeping: Keeping) => {
    assert.ok(keeping.identity !== null)
    return rotateOwn(keeping.identity, keeping, phrase, 'retired', ground)
  }
  const recover = (keeping: Keeping, words = phrase, options: Recovering = {}, changed: Partial<Ground> = {}) =>
    recoverLost(alice.log.id, keeping, words, { ...ground, ...changed }, options)
  return { town, known, rotate, retire, recover }
}

/** Updates that only need the keys of the laptop. */
const steal = (status: 'active' | 'retired', { log, root }: typeof alice = alice): KeyLog =>
  updateLog(log, root, { devices: [publicDevice(mallory)], status, time: NOW })
const stolen = [steal('active'), steal('retired'), lengthen(steal('active'), alice.root, LOG_ENTRIES_MAX)]

/** From the moment the new keys are saved, nobody answers: the machine has crashed. */
const crash = (town: ReturnType<typeof createTown>): Partial<Ground> => ({
  onSaved: () => {
    for (const node of town.directory.nodes) node.behaviour = silent
  },
})
const reboot = (town: ReturnType<typeof createTown>): void => {
  for (const node of town.directory.nodes) node.behaviour = null
}

test('§3 a rotation continues the own log, is on disk before it is published, and counts who took it', async () => {
  const { rotate, known } = await start()
  const disk = createDisk(alice)
  const steps: unknown[] = []
  const save = async (next: Identity): Promise<void> => {
    steps.push((await known())?.epoch)
    await disk.save(next)
  }
  const onSaved = (log: KeyLog): void => void steps.push(log === disk.identity?.log)
  const { log, publication } = await rotate({ identity: alice, save }, phrase, { onSaved })
  assert.deepEqual(steps, [0, true])
  assert.equal(compareLogs(log, alice.log), 'longer')
  assert.deepEqual([log.epoch, publication.accepted, publication.weak], [1, 3, false])
  assert.deepEqual((await known())?.last.hash, log.last.hash)
  // What closes the former slot is on disk as well, beside the key of the new one.
  const { slotKey, closings } = disk.identity ?? assert.fail()
  const slots = [slotKey?.publicKey, ...closedSlots(log, closings).map(({ key }) => key)]
  assert.deepEqual(slots, [log.last.entry.slot, alice.log.last.entry.slot])
})

test('§3 a wrong phrase, a directory that cannot be asked, and a disk that fails change nothing', async () => {
  const { town, rotate, recover, known } = await start()
  const disk = createDisk(alice)
  for (const work of [rotate, recover]) {
    assert.equal(await codeOf(work(disk, 'not twenty-four words')), 'ERR_PHRASE')
    assert.equal(await codeOf(work(disk, mallorysPhrase)), 'ERR_PHRASE_OTHER')
    for (const node of town.directory.nodes) node.behaviour = silent
    assert.equal(await codeOf(work(disk)), 'ERR_LOOKUP_INCOMPLETE')
    reboot(town)
    const broken = { identity: alice, save: () => Promise.reject(new Error('no disk')) }
    await assert.rejects(work(broken), { message: 'no disk' })
  }
  assert.equal(await codeOf(recover(createDisk(null), mallorysPhrase)), 'ERR_PHRASE_OTHER')
  assert.equal(await codeOf(recover(createDisk(mallory))), 'ERR_STORE_EXISTS')
  assert.deepEqual([disk.saves, await known()], [0, alice.log])
})

test('a signal ends it before anything is saved', async () => {
  const { town, rotate, recover } = await start()
  for (const node of town.directory.nodes) node.behaviour = hanging
  const disk = createDisk(alice)
  for (const work of [
    (signal: AbortSignal) => rotate(disk, phrase, { signal }),
    (signal: AbortSignal) => recover(disk, phrase, {}, { signal }),
  ]) {
    const abort = new AbortController()
    const ended = work(abort.signal)
    const reason = new Error('changed my mind')
    abort.abort(reason)
    await assert.rejects(ended, reason)
  }
  assert.equal(disk.saves, 0)
})

test('§3 an identity nobody has heard of yet can be rotated, but not recovered', async () => {
  const { rotate, recover } = await start(null)
  assert.equal(await codeOf(recover(createDisk(null))), 'ERR_LOOKUP_NOT_FOUND')
  assert.equal((await rotate(createDisk(alice))).log.epoch, 1)
})

test('§3 a machine whose identity was rotated elsewhere does not rotate; it can recover', async () => {
  const { rotate, retire, recover, known } = await start()
  const other = await recover(createDisk(null))
  const disk = createDisk(alice)
  assert.equal(await codeOf(rotate(disk)), 'ERR_PEER_SUPERSEDED')
  assert.equal(await codeOf(retire(disk)), 'ERR_PEER_SUPERSEDED')
  assert.equal(disk.saves, 0)
  const back = await recover(disk)
  assert.equal(compareLogs(back.log, other.log), 'supersedes')
  assert.deepEqual((await known())?.last.hash, back.log.last.hash)
})

test('§3 address and phrase alone overrule whatever the thief signed', async () => {
  for (const log of stolen) {
    const { recover, rotate, known } = await start(log)
    const disk = createDisk(null)
    const { log: recovered, address } = await recover(disk)
    assert.equal(compareLogs(recovered, log), 'supersedes')
    assert.deepEqual((await known())?.last.hash, recovered.last.hash)
    assert.deepEqual(disk.identity?.log, recovered)
    assert.equal((await rotate(disk)).address, address)
  }
  for (const log of stolen) {
    const { rotate, known } = await start(log)
    const { log: rotated } = await rotate(createDisk(alice))
    assert.deepEqual((await known())?.last.hash, rotated.last.hash)
  }
})

test('§3 after a crash between saving and publishing, each command goes on without a fork', async () => {
  for (const log of [alice.log, ...stolen]) {
    const { town, rotate, recover, known } = await start(log)
    const disk = createDisk(alice)
    assert.equal(await codeOf(rotate(disk, phrase, crash(town))), 'ERR_PUBLISH_REFUSED')
    reboot(town)
    const saved = disk.identity?.log
    assert.ok(saved !== undefined)
    assert.deepEqual([saved.epoch, (await known())?.epoch], [1, 0])
    const recovered = await recover(disk)
    assert.equal(compareLogs(recovered.log, saved), 'longer')
    assert.equal(await codeOf(recover(disk, phrase, {}, crash(town))), 'ERR_PUBLISH_REFUSED')
    reboot(town)
    const rotated = await rotate(disk)
    assert.deepEqual([rotated.log.epoch, (await known())?.last.hash], [4, rotated.log.last.hash])
  }
})

test('§3 a recovery that was saved and not published is continued, also when it is on its own disk only', async () => {
  const { town, recover, known } = await start(steal('active'))
  const disk = createDisk(null)
  assert.equal(await codeOf(recover(disk, phrase, {}, crash(town))), 'ERR_PUBLISH_REFUSED')
  reboot(town)
  const saved = disk.identity?.log
  const again = await recover(disk)
  assert.ok(saved !== undefined)
  assert.equal(compareLogs(again.log, saved), 'longer')
  assert.deepEqual((await known())?.last.hash, again.log.last.hash)
})

test('§3 a retirement is published, final, and can be published again', async () => {
  const { retire, rotate, recover, known } = await start()
  const disk = createDisk(alice)
  const { log } = await retire(disk)
  assert.ok(isFinal(log))
  assert.deepEqual((await known())?.last.entry.status, 'retired')
  assert.equal(await codeOf(rotate(disk)), 'ERR_LOG_RETIRED')
  assert.equal(await codeOf(recover(createDisk(null))), 'ERR_LOG_RETIRED')
  assert.equal(await codeOf(recover(disk)), 'ERR_LOG_RETIRED')
  assert.deepEqual((await retire(disk)).log, log)
  assert.equal(disk.saves, 1)
})

test('§3 who says so expressly recovers from a rotation that a thief signed again as a retirement', async () => {
  const rotated = rotateIdentity(alice.log, phrase, NOW, seededRandom('rotated'))
  const forged = rotateIdentity(recoveryBase(alice.log, phrase), phrase, NOW, seededRandom('forged'), 'retired')
  const { recover, known } = await start(forged.log)
  const disk = createDisk(rotated)
  assert.equal(await codeOf(recover(disk)), 'ERR_LOG_RETIRED')
  const { log } = await recover(disk, phrase, { evenRetired: true })
  assert.deepEqual([log.epoch, (await known())?.last.hash], [2, log.last.hash])
})

test('a peer on a void machine is told when it announces itself; one that a thief overtook as well', async () => {
  const cases = [rotateIdentity(alice.log, phrase, NOW, seededRandom('elsewhere')).log, ...stolen]
  for (const log of cases) {
    const { town } = await start(log)
    const peer = town.open(alice)
    assert.equal(await codeOf(peer.listen()), 'ERR_PEER_SUPERSEDED')
    assert.equal(await codeOf(peer.publish()), 'ERR_PEER_SUPERSEDED')
    await peer.close()
  }
})

test('a peer that some nodes refuse is told too, and one whose log is merely new to them is not', async () => {
  const rotated = rotateIdentity(alice.log, phrase, NOW, seededRandom('elsewhere')).log
  const { town } = await start()
  const [node] = town.directory.nodes
  const peer = town.open(alice)
  await peer.publish()
  for (const other of town.directory.nodes) if (other !== node) other.behaviour = silent
  await town.publish(rotated)
  reboot(town)
  assert.equal(await codeOf(peer.publish()), 'ERR_PEER_SUPERSEDED')
  await peer.close()
  const renewed = town.open(await renewDevice(mallory, NOW, seededRandom('renewed')))
  await town.publish(mallory.log)
  assert.equal((await renewed.publish()).accepted, 3)
  await renewed.close()
})

test('a retired peer publishes its log once more, and does not listen', async () => {
  const retired = rotateIdentity(alice.log, phrase, NOW, seededRandom('end'), 'retired')
  const { town, known } = await start()
  const peer = town.open(retired)
  assert.equal(await codeOf(peer.listen()), 'ERR_PEER_RETIRED')
  assert.equal((await known())?.last.entry.status, 'retired')
  await peer.close()
})
