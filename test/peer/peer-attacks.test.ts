import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { openChannel } from '../../src/connection/channel.ts'
import { initiateLive } from '../../src/connection/live-handshake.ts'
import { StoreError } from '../../src/core/errors.ts'
import { createIdentity, type Identity, renewDevice } from '../../src/core/identity.ts'
import { updateLog } from '../../src/core/key-log.ts'
import { rotateIdentity } from '../../src/core/recovery.ts'
import { openStore } from '../../src/store/store.ts'
import { alice, bob, codeOf, createPuppet, dialing, isSettled, mallory, settle } from '../connection/sides.ts'
import { at, NOW } from '../core/identities.ts'
import { seededRandom } from '../core/test-bytes.ts'
import { endOf, listenTo } from '../messages/told.ts'
import { createTown, transportKeyOf } from '../messages/town.ts'

/** Strangers, thieves and a lying directory against whole peers. */

const { identity: carol, phrase } = createIdentity(NOW, seededRandom('peer/carol'))
const { devices } = carol.log.last.entry
const update = (identity: Identity, random = 'update'): Promise<Identity> =>
  renewDevice(identity, NOW, seededRandom(random))
const newer = await update(carol)
const newest = await update(newer)
const thief = await update(carol, 'thief')
const rotated = rotateIdentity(carol.log, phrase, NOW, seededRandom('rotation'))

const start = async (t: TestContext) => {
  const town = createTown()
  const b = town.open(bob)
  t.after(() => b.close())
  const listener = await listenTo(b)
  return { town, bob: b, listener }
}
type Started = Awaited<ReturnType<typeof start>>

/** What comes of `identity` calling Bob: 'accepted', or the code it hears. */
const call = async ({ town, bob: b }: Pick<Started, 'town' | 'bob'>, identity: Identity): Promise<string> => {
  const caller = town.open(identity)
  const enough = new AbortController()
  const events = b.events({ signal: enough.signal })
  const accepted = async (): Promise<string> => {
    for await (const event of events)
      if (event.type === 'connected' && event.remote.address === caller.address) return 'accepted'
    return 'never'
  }
  const connection = await caller.connect(b.address)
  const outcome = await Promise.race([endOf(connection), accepted()])
  enough.abort()
  await caller.close()
  return outcome
}

test('§4 an initiator whose log the directory knows to be older, overruled or contradicted is refused', async (t) => {
  const cases: readonly [string, Identity, Identity | null][] = [
    ['accepted', carol, null],
    ['accepted', carol, carol],
    ['accepted', newer, carol],
    ['accepted', rotated, thief],
    ['ERR_REMOTE', carol, newer],
    ['ERR_REMOTE', thief, rotated],
    ['ERR_REMOTE', thief, newer],
    ['ERR_REMOTE', carol, rotated],
  ]
  for (const [index, [expected, caller, published]] of cases.entries()) {
    const started = await start(t)
    if (published !== null) await started.town.publish(published.log)
    assert.equal(await call(started, caller), expected, `case ${index}`)
  }
})

test('§4 an identity of which the directory holds a fork is refused, whichever branch calls', async (t) => {
  for (const caller of [newer, thief]) {
    const started = await start(t)
    await started.town.publish(newer.log)
    await started.town.publish(thief.log)
    assert.equal(await call(started, caller), 'ERR_REMOTE')
    await assert.rejects(started.bob.connect(started.town.open(caller).address), { code: 'ERR_LOG_FORK' })
  }
})

test('§2 a contact that followed the thief is told that the owner took it back, and the thief is refused from then on', async (t) => {
  const { town, bob: b } = await start(t)
  const address = town.open(carol).address
  await town.publish(carol.log)
  assert.equal((await b.lookup(address)).change, 'none')
  await town.publish(thief.log)
  assert.equal((await b.lookup(address)).change, 'updated')
  await town.publish(rotated.log)
  const told = await b.lookup(address)
  assert.deepEqual([told.change, told.log.last.hash], ['superseded', rotated.log.last.hash])
  assert.equal((await b.lookup(address)).change, 'none')
  town.forget()
  await town.publish(thief.log)
  await assert.rejects(b.lookup(address), { code: 'ERR_ROLLBACK' })
})

test('§3 a log that was seen is not taken back, whatever the directory forgets', async (t) => {
  const started = await start(t)
  assert.equal(await call(started, newer), 'accepted')
  started.town.forget()
  await started.town.publish(bob.log)
  await started.bob.publish()
  assert.equal(started.bob.store.floors.get(carol.log.id)?.seq, 1)
})

test('§3 a directory that is behind does not keep out the owner who was here before', async (t) => {
  const started = await start(t)
  await started.town.publish(carol.log)
  for (const caller of [newer, newer, newest, newest]) assert.equal(await call(started, caller), 'accepted')
  assert.equal(await call(started, newer), 'ERR_REMOTE')
  assert.equal(await call(started, carol), 'ERR_REMOTE')
})

test('§3 `current` needs a card for the very end of the log that was shown', async (t) => {
  const started = await start(t)
  const { town, bob: b, listener } = started
  const honest = town.open(carol)
  await honest.listen()
  const freshness = async (identity: Identity): Promise<string | undefined> => {
    const [near, far] = await Promise.all([town.open(identity).connect(b.address), listener.accept()])
    await near.close()
    return far?.trust.freshness
  }
  assert.equal(await freshness(carol), 'current')
  // A thief of the root key adds an entry; Carol's card says nothing about it.
  assert.equal(await freshness(thief), 'stale')
  await honest.close()
})

test('§3 the floor does not sink when an old log is confirmed late', async (t) => {
  const started = await start(t)
  const { town, bob: b } = started
  const stream = await town.transports.add(transportKeyOf(mallory)).connect(b.transport.publicKey)
  const pair = at(town.transports.pairs, -1)
  const channel = openChannel(stream)
  // Whoever has Carol's former device begins a greeting, and holds back the confirmation.
  let frames = 0
  pair.toFar.rewrite = (frame) => {
    frames += 1
    if (frames === 3) pair.toFar.hold()
    return frames === 3 ? [] : [frame]
  }
  const met = await initiateLive(channel, dialing(carol, bob))
  const puppet = createPuppet(channel, met.session)
  await settle()
  assert.equal(await call(started, newer), 'accepted')
  const confirmation = at(pair.toFar.sent, 2)
  pair.toFar.rewrite = (frame) => [frame]
  pair.toFar.release()
  await stream.send(confirmation)
  assert.equal((await codeOf(puppet.hearUntil('error'))) ?? 'none', 'ERR_REMOTE')
  assert.equal(b.store.floors.get(carol.log.id)?.seq, 1)
})

test('§3 a directory that serves an older log, or an older card, is not believed', async (t) => {
  const { town, bob: b } = await start(t)
  const owner = town.open(newer)
  const ofOwner = await listenTo(owner)
  const [near] = await Promise.all([b.connect(owner.address), ofOwner.accept()])
  await near.close()
  town.forget()
  await town.publish(carol.log)
  assert.equal(await codeOf(b.connect(owner.address)), 'ERR_ROLLBACK')
  assert.equal(await codeOf(b.lookup(owner.address)), 'ERR_ROLLBACK')
  await town.publish(thief.log)
  assert.equal(await codeOf(b.lookup(owner.address)), 'ERR_LOG_FORK')
  await owner.close()
})

test('§5 a card that leads to somebody else’s transport leads nowhere', async (t) => {
  const { town, bob: b } = await start(t)
  const liar = town.open(mallory, { transport: b.transport })
  const { accepted } = await liar.listen()
  assert.ok(accepted > 0)
  assert.equal(await codeOf(town.open(alice).connect(liar.address)), 'ERR_REMOTE')
  await liar.close()
})

test('§3 a floor that cannot be stored stops the connection: nothing is accepted that would be forgotten', async (t) => {
  const { town, bob: b, listener } = await start(t)
  const store = openStore(null)
  const failing = town.open(alice, {
    store: {
      ...store,
      floors: {
        ...store.floors,
        update: () => {
          throw new StoreError('ERR_STORE_FULL')
        },
      },
    },
  })
  assert.equal(await codeOf(failing.connect(b.address)), 'ERR_STORE_FULL')
  const accepting = listener.accept()
  assert.equal(await isSettled(accepting), false)
  await town.open(mallory).connect(b.address)
  await accepting
})

test('§2 a retired identity is not talked to', async (t) => {
  const started = await start(t)
  const retired = { ...carol, log: updateLog(carol.log, carol.root, { devices, time: NOW, status: 'retired' }) }
  const caller = started.town.open(retired)
  assert.equal(await codeOf(caller.connect(started.bob.address)), 'ERR_REMOTE')
})
