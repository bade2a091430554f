import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { encodeAddress } from '../../src/core/address.ts'
import { generateKem } from '../../src/core/kem.ts'
import { FILE_AGE_MAX } from '../../src/core/limits/file-limits.ts'
import { OFFLINE_SESSION_AGE } from '../../src/core/limits/message-limits.ts'
import { FORGETTING, SKIPPED_KEY_AGE_MAX } from '../../src/core/limits/protocol-limits.ts'
import { PREKEY_AGE } from '../../src/core/limits/store-limits.ts'
import { generatePrivateKey } from '../../src/core/p256.ts'
import type { Session } from '../../src/core/session/session.ts'
import type { OfflineSession } from '../../src/store/offline-session-store.ts'
import { openStore } from '../../src/store/store.ts'
import { alice, bob, makeTemporary, makeWorld, settle } from '../connection/sides.ts'
import { at, makeBytes, NOW } from '../core/identities.ts'
import { makeTalkingSides } from '../core/sessions.ts'
import { seededRandom } from '../core/test-bytes.ts'
import { storeAt } from '../files/file-sides.ts'
import { createTown } from '../messages/town.ts'

/** Secrets for which no use comes: each ends at its time, by a timer while a program runs, and at once when one starts later. */

const DAY = 86_400

const start = async (t: TestContext) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const [town, folder, world] = [createTown(), await makeTemporary(t), makeWorld('forgetting')]
  const open = () => {
    const peer = town.open(bob, { store: storeAt(folder), world })
    t.after(() => peer.close())
    return peer
  }
  /** On all clocks: what others contradict forgets nothing. */
  const goOn = (seconds: number): void => {
    world.now += seconds
    town.directory.now += seconds
  }
  /** That time goes by, in steps of an hour; a step at which nothing has to happen may be left out. */
  const pass = async (seconds: number): Promise<void> => {
    for (const step of [seconds - FORGETTING, FORGETTING]) {
      goOn(step)
      // And a little more, for what the timer began.
      for (const tick of [FORGETTING * 1000, 100]) {
        t.mock.timers.tick(tick)
        await settle()
      }
    }
  }
  return { open, pass, goOn, world, folder }
}

/** A session in which a message was skipped at that time. */
const sessionOf = (skippedAt: number, changed: Partial<OfflineSession> = {}): OfflineSession => {
  const { alice: from, bob: to } = makeTalkingSides('forgetting')
  from.send('lost')
  to.receive(from.send('kept'), skippedAt)
  assert.equal(to.session.skipped.size, 1)
  return {
    ...{ h1: makeBytes('h1', 32), ours: true, live: true, begun: skippedAt, heard: skippedAt, hello: null },
    ...{ session: to.session satisfies Session, log: alice.log, device: at(alice.log.last.entry.devices, 0) },
    ...{ own: bob.ik.publicKey, inc: makeBytes('inc', 16) },
    ...changed,
  }
}

const random = seededRandom('forgetting')
const prekeys = () => ({
  ...{ envelope: makeBytes('envelope', 200), seq: 0 },
  ...{ spk: generatePrivateKey(random), kem: generateKem(random) },
})

for (const how of ['while it runs', 'when it starts again'] as const) {
  const started = async (t: TestContext) => {
    const stage = await start(t)
    let peer = stage.open()
    /** Lets time go by, with the peer running, or closed. */
    const later = async (seconds: number): Promise<void> => {
      if (how === 'while it runs') return stage.pass(seconds)
      await peer.close()
      stage.goOn(seconds - FORGETTING)
      peer = stage.open()
      t.mock.timers.tick(60_000)
      await settle()
      // The clock has to stay as it is for an hour.
      stage.goOn(FORGETTING)
      t.mock.timers.tick(FORGETTING * 1000)
      await settle()
    }
    return { ...stage, later, store: () => peer.store, peer: () => peer }
  }

  test(`skipped message keys of an idle session are forgotten after a week, ${how}`, async (t) => {
    const { store, later } = await started(t)
    const one = sessionOf(NOW)
    store().offlineSessions.keep(one, NOW)
    const skipped = (): number | undefined => store().offlineSessions.get(one.session.id)?.session.skipped.size
    await later(SKIPPED_KEY_AGE_MAX - FORGETTING)
    assert.equal(skipped(), 1)
    await later(3 * FORGETTING)
    assert.equal(skipped(), 0)
  })

  test(`a session that nobody uses is forgotten after 30 days, ${how}`, async (t) => {
    const { store, later } = await started(t)
    const one = sessionOf(NOW)
    store().offlineSessions.keep(one, NOW)
    // To forget a skipped key of it is no use of it.
    await later(8 * DAY)
    await later(OFFLINE_SESSION_AGE - 8 * DAY - FORGETTING)
    assert.equal(store().offlineSessions.get(one.session.id)?.session.skipped.size, 0)
    await later(3 * FORGETTING)
    assert.equal(store().offlineSessions.get(one.session.id), null)
  })

  test(`prekeys are forgotten 30 days after their card, ${how}`, async (t) => {
    const { store, later } = await started(t)
    const card = makeBytes('card', 32)
    store().prekeys.keep(card, prekeys(), NOW, bob.ik.publicKey)
    await later(PREKEY_AGE - FORGETTING)
    assert.ok(store().prekeys.get(card))
    await later(3 * FORGETTING)
    assert.equal(store().prekeys.get(card), null)
  })

  test(`a file that nobody came for has failed after 30 days, and its secret is gone, ${how}`, async (t) => {
    const { store, later, peer, folder } = await started(t)
    const path = join(folder, 'plans.txt')
    await writeFile(path, 'plans')
    const { id } = await peer().files.send(encodeAddress(alice.log.id), path)
    await later(FILE_AGE_MAX - FORGETTING)
    assert.ok(store().transfers.get(id)?.secret)
    await later(3 * FORGETTING)
    const { state, reason, secret } = store().transfers.get(id) ?? assert.fail()
    assert.deepEqual([state, reason, secret], ['failed', 'ERR_FILE_EXPIRED', null])
  })
}

test('a peer that only reads another’s folder forgets nothing there', async (t) => {
  const { open, folder, world } = await start(t)
  const { store, close } = open()
  const [one, card] = [sessionOf(NOW), makeBytes('card', 32)]
  store.offlineSessions.keep(one, NOW)
  store.prekeys.keep(card, prekeys(), NOW, bob.ik.publicKey)
  await close()
  const reader = createTown().open(alice, { store: openStore(folder), world })
  await reader.close()
  const { store: again } = open()
  assert.ok(again.offlineSessions.get(one.session.id) && again.prekeys.get(card))
})

test('what was made with keys that this device has no longer is forgotten when it starts', async (t) => {
  const { open } = await start(t)
  const first = open()
  const [mine, other] = [sessionOf(NOW), sessionOf(NOW, { own: makeBytes('former', 33) })]
  const former = { ...other, session: { ...other.session, id: makeBytes('former', 16) } }
  for (const one of [mine, former]) first.store.offlineSessions.keep(one, NOW)
  const [card, formerCard] = [makeBytes('card', 32), makeBytes('former card', 32)]
  first.store.prekeys.keep(card, prekeys(), NOW, bob.ik.publicKey)
  first.store.prekeys.keep(formerCard, prekeys(), NOW, makeBytes('former', 33))
  await first.close()
  const { store } = open()
  assert.ok(store.offlineSessions.get(mine.session.id) && store.prekeys.get(card))
  assert.equal(store.offlineSessions.get(former.session.id), null)
  assert.equal(store.prekeys.get(formerCard), null)
})

for (const off of [40 * DAY, -40 * DAY])
  test(`a clock that is ${off / DAY} days off for less than an hour has nothing forgotten, and nothing failed`, async (t) => {
    const { folder, world } = await start(t)
    const town = createTown()
    let time = 0
    const turned = { ...world, counting: () => time * 1000 }
    const open = () => {
      const peer = town.open(bob, { store: storeAt(folder), world: turned })
      t.after(() => peer.close())
      return peer
    }
    const pass = async (seconds: number): Promise<void> => {
      time += seconds
      world.now += seconds
      t.mock.timers.tick(seconds * 1000)
      await settle()
    }
    const path = join(folder, 'plans.txt')
    await writeFile(path, 'plans')
    const to = encodeAddress(alice.log.id)
    const first = open()
    for (let hour = 0; hour < 3; hour++) await pass(FORGETTING)
    const at = world.now
    /** What is there of each kind, and what is of it at the end. */
    const leave = async (peer: ReturnType<typeof open>, name: string) => {
      const card = makeBytes(`card ${name}`, 32)
      const one = sessionOf(at)
      const session = { ...one, session: { ...one.session, id: makeBytes(name, 16) } }
      const sent = await peer.messages.send(to, name)
      const file = await peer.files.send(to, path)
      peer.store.prekeys.keep(card, prekeys(), at, bob.ik.publicKey)
      peer.store.offlineSessions.keep(session, at)
      return ({ store, files, messages }: ReturnType<typeof open>) => [
        messages.history(to).find(({ id }) => id === sent.id)?.state,
        files.list().find(({ id }) => id === file.id)?.state,
        store.prekeys.get(card) !== null,
        store.offlineSessions.get(session.session.id)?.session.skipped.size,
      ]
    }
    const before = await leave(first, 'before')
    world.now += off
    // While it runs, and by one that starts, and ends, meanwhile.
    await pass(FORGETTING / 4)
    const there = ['queued', 'queued', true, 1]
    assert.deepEqual(before(first), there)
    const during = await leave(first, 'during')
    await first.close()
    const second = open()
    await pass(FORGETTING / 4)
    await second.close()
    world.now -= off
    const third = open()
    for (let hour = 0; hour < 4; hour++) await pass(FORGETTING)
    assert.deepEqual(before(third), there)
    assert.deepEqual(during(third), there)
  })
