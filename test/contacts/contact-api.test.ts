import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { encodeAddress } from '../../src/core/address.ts'
import { hex } from '../../src/core/bytes.ts'
import { createIdentity, type Identity, renewDevice } from '../../src/core/identity.ts'
import { rotateIdentity } from '../../src/core/recovery.ts'
import { bob, codeOf, makeTemporary } from '../connection/sides.ts'
import { NOW } from '../core/identities.ts'
import { seededRandom } from '../core/test-bytes.ts'
import { storeAt } from '../files/file-sides.ts'
import { aboutTrust, collect, endOf, listenTo, take } from '../messages/told.ts'
import { createTown } from '../messages/town.ts'

/** Whom a peer knows, and how a person decides between two logs that contradict each other. */

const { identity: carol, phrase } = createIdentity(NOW, seededRandom('contacts/carol'))
const renew = (identity: Identity, name: string): Promise<Identity> | Identity =>
  renewDevice(identity, NOW, seededRandom(`contacts/${name}`))
const [owner, thief] = await Promise.all([renew(carol, 'owner'), renew(carol, 'thief')])
const address = encodeAddress(carol.log.id)
const headOf = ({ log }: Identity): string => hex(log.last.hash)

/** Bob, whose memory is on disk, and Carol's own branch, listening. */
const start = async (t: TestContext) => {
  const town = createTown()
  const folder = await makeTemporary(t)
  const openBob = () => {
    const peer = town.open(bob, { store: storeAt(folder) })
    t.after(() => peer.close())
    return peer
  }
  const carolPeer = town.open(owner)
  t.after(() => carolPeer.close())
  const listener = await listenTo(carolPeer)
  return { town, openBob, carol: carolPeer, listener }
}

/** The same, after both branches got into the directory and Bob has looked. */
const startForked = async (t: TestContext) => {
  const started = await start(t)
  const b = started.openBob()
  const events = collect(b)
  const near = await b.connect(address)
  await started.town.publish(thief.log)
  const found = await b.lookup(address)
  assert.deepEqual([found.trust.freshness, found.fork?.last.hash], ['forked', thief.log.last.hash])
  return { ...started, bob: b, near, events }
}

test('who was connected to by address is a contact; who only called is not', async (t) => {
  const { openBob, carol: c } = await start(t)
  const b = openBob()
  assert.deepEqual(b.contacts.list(), [])
  await b.connect(address)
  const { log, verified, ...contact } = b.contacts.list()[0] ?? assert.fail()
  assert.deepEqual(contact, { address, name: null, trust: 'pinned', added: NOW, fork: null, blocked: false })
  assert.deepEqual([log.last.hash, verified], [owner.log.last.hash, null])
  assert.deepEqual(c.contacts.list(), [])
})

test('a contact has a name that is nobody else’s and no address; without the contact its floor stays', async (t) => {
  const { openBob, town } = await start(t)
  const b = openBob()
  const other = town.open(createIdentity(NOW, seededRandom('contacts/other')).identity)
  t.after(() => other.close())
  await other.listen()
  await b.connect(address)
  await b.connect(other.address)
  assert.equal(b.contacts.rename(address, 'Carol').name, 'Carol')
  assert.equal(b.contacts.get('Carol')?.address, address)
  const rename = (name: string): Promise<unknown> => codeOf((async () => b.contacts.rename(other.address, name))())
  for (const name of [
    'Carol',
    'hf1carol',
    '',
    ' ',
    'a\nb',
    'a\u202eb',
    ' a',
    'x'.repeat(65),
    'handfast:carol',
    'Handfast:x',
  ])
    assert.equal(await rename(name), 'ERR_CONTACT_NAME', JSON.stringify(name))
  assert.equal(await rename('Café Bob'), undefined)
  assert.equal(b.contacts.get('Cafe\u0301 Bob')?.address, other.address)
  assert.equal(b.contacts.rename('Carol', null).name, null)
  assert.equal(await rename('Carol'), undefined)
  b.contacts.remove(address)
  assert.equal(b.contacts.get(address), null)
  assert.equal(await codeOf((async () => b.contacts.remove(address))()), 'ERR_CONTACT')
  assert.equal(b.store.floors.get(carol.log.id)?.seq, 1)
})

test('§3 verified is a person’s word: it is on disk, and on every connection from then on', async (t) => {
  const { openBob, listener, town } = await start(t)
  const first = openBob()
  assert.equal(await codeOf((async () => first.contacts.verify(address))()), 'ERR_CONTACT')
  assert.equal((await first.connect(address)).remote.trust.identity, 'pinned')
  assert.equal(first.contacts.verify(address).trust, 'verified')
  await first.close()
  await listener.accept()
  const again = openBob()
  assert.equal((await again.connect(address)).remote.trust.identity, 'verified')
  assert.equal((await again.lookup(address)).trust.identity, 'verified')
  // Also when it is Carol who calls.
  const accepting = (await listenTo(again)).accept()
  await town.open(owner, { transport: town.transports.add(new Uint8Array(32).fill(9)) }).connect(again.address)
  assert.equal((await accepting)?.trust.identity, 'verified')
})

test('§2 a contradiction ends what is connected, is told once, and blocks from then on', async (t) => {
  const { near, bob: b, events } = await startForked(t)
  assert.equal(await endOf(near), 'ERR_LOG_FORK')
  assert.equal(await codeOf(b.messages.send(address, 'too late')), 'ERR_LOG_FORK')
  assert.equal(await codeOf(b.connect(address)), 'ERR_LOG_FORK')
  assert.deepEqual(aboutTrust(events), [{ type: 'forked', address }])
})

test('§2 it blocks after a restart as well, when nodes show one branch only, and when its owner calls', async (t) => {
  const { town, bob: b, openBob, carol: c } = await startForked(t)
  await b.close()
  town.forget()
  await c.publish()
  const again = openBob()
  const found = await again.lookup(address)
  assert.deepEqual([found.trust.freshness, found.fork?.last.hash], ['forked', thief.log.last.hash])
  assert.equal(await codeOf(again.connect(address)), 'ERR_LOG_FORK')
  await again.listen()
  assert.equal(await c.connect(again.address).then(endOf), 'ERR_REMOTE')
})

test('§2 a person ends the block by naming an entry that only one of the two logs has', async (t) => {
  const { town, bob: b, openBob, listener, carol: c } = await startForked(t)
  const verify = (head?: string): Promise<unknown> => codeOf((async () => b.contacts.verify(address, head))())
  assert.equal(await verify(), 'ERR_LOG_FORK')
  const refused = ['', 'zz'.repeat(10), headOf(owner).slice(0, 19), 'a'.repeat(64), headOf(carol), headOf(bob)]
  for (const head of refused) assert.equal(await verify(head), 'ERR_VERIFY', head)
  assert.equal(await codeOf(b.connect(address)), 'ERR_LOG_FORK')

  const typed = `${headOf(owner).slice(0, 10).toUpperCase()} ${headOf(owner).slice(10, 20)}`
  const { trust, fork } = b.contacts.verify(address, typed)
  assert.deepEqual([trust, fork], ['verified', null])
  await listener.accept()
  for (const peer of [b, openBob()]) {
    const [near] = await Promise.all([peer.connect(address), listener.accept()])
    await peer.messages.send(address, 'it is you')
    assert.deepEqual(await take(c, 1), ['it is you'])
    await near.close()
  }
  // The branch that lost stays lost, however far it goes, and alone.
  await town.publish((await renew(thief, 'thief goes on')).log)
  assert.equal((await b.lookup(address)).fork, null)
  town.forget()
  await town.publish((await renew(thief, 'thief goes on')).log)
  assert.equal(await codeOf(b.lookup(address)), 'ERR_LOG_FORK')
  assert.equal(b.contacts.get(address)?.fork, null)
  town.forget()
  await c.publish()
  assert.equal((await b.connect(address)).remote.trust.identity, 'verified')
})

test('§2 the other branch can be the one that is believed, and the floor goes along', async (t) => {
  const { bob: b, town } = await startForked(t)
  b.contacts.verify(address, headOf(thief))
  assert.equal(b.store.floors.get(carol.log.id)?.head.join(), thief.log.last.hash.join())
  const found = await b.lookup(address)
  assert.deepEqual([found.fork, found.log.last.hash, found.trust.identity], [null, thief.log.last.hash, 'verified'])
  // The nodes keep the card of the branch that came first.
  assert.equal(await codeOf(b.connect(address)), 'ERR_PEER_NO_CARD')
  town.forget()
  const theirs = town.open(thief, { transport: town.transports.add(new Uint8Array(32).fill(8)) })
  t.after(() => theirs.close())
  await theirs.listen()
  assert.equal((await b.connect(address)).remote.trust.identity, 'verified')
})

test('§2 a contradiction after the entry that was confirmed is a new one', async (t) => {
  const { bob: b, town } = await startForked(t)
  b.contacts.verify(address, headOf(owner))
  for (const name of ['one', 'two']) await town.publish((await renew(owner, name)).log)
  assert.equal((await b.lookup(address)).trust.freshness, 'forked')
  assert.equal(await codeOf(b.connect(address)), 'ERR_LOG_FORK')
})

test('§2 the owner’s rotation ends the block without anybody’s word', async (t) => {
  const { bob: b, town, carol: c } = await startForked(t)
  await c.close()
  const rotated = rotateIdentity(carol.log, phrase, NOW, seededRandom('contacts/rotated'))
  const back = town.open(rotated, { transport: town.transports.add(new Uint8Array(32).fill(7)) })
  t.after(() => back.close())
  await back.listen()
  const near = await b.connect(address)
  assert.deepEqual([near.remote.change, near.remote.epoch], ['superseded', 1])
  assert.deepEqual([b.contacts.get(address)?.fork, b.store.forks.get(carol.log.id)], [null, null])
})

test('§2 a connection under keys that their owner has replaced is ended, whoever is at its other end', async (t) => {
  const { town, openBob, carol: c } = await start(t)
  const b = openBob()
  const near = await b.connect(address)
  const rotated = rotateIdentity(carol.log, phrase, NOW, seededRandom('contacts/rotated'))
  await town.publish(rotated.log)
  assert.equal((await b.lookup(address)).change, 'superseded')
  assert.equal(await endOf(near), 'ERR_KEYS_REPLACED')
  assert.equal(await codeOf(c.connect(b.address)), 'ERR_LOOKUP_NOT_FOUND')
})
