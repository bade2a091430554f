import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { DEFAULT_APPLICATION } from '../../src/core/names.ts'
import { initialize } from '../../src/identity/initialize.ts'
import { adopt, recover } from '../../src/identity/replace-keys.ts'
import { openContacts, openHistory, openMailboxNames } from '../../src/peer/folder.ts'
import type { Peer } from '../../src/peer/peer.ts'
import { openFiles } from '../../src/peer/stored-files.ts'
import { openStore } from '../../src/store/store.ts'
import { bob, codeOf, identityOf, makeTemporary } from '../connection/sides.ts'
import { createTown } from '../messages/town.ts'

/** Whoever is named is named in one way everywhere: by a contact's name, by an address, or by a link. */

const carol = identityOf('carol')
const NAME = 'Carol Café'

/** Bob, who knows Carol, who serves chess. */
const start = async (t: TestContext) => {
  const town = createTown()
  const [b, c] = [town.open(bob), town.open(carol)]
  t.after(() => Promise.all([b.close(), c.close()]))
  await c.listen()
  const serving = async (): Promise<void> => {
    for await (const stream of c.serve('chess/1')) stream.destroy()
  }
  void serving()
  await b.addContact(c.address, { name: NAME })
  const file = join(await makeTemporary(t), 'file')
  await writeFile(file, 'x')
  return { b, c, file }
}

const namesOf = (address: string): readonly string[] => [
  NAME,
  NAME.normalize('NFD'),
  address,
  address.toUpperCase(),
  `handfast:${address}`,
  `handfast://${address}`,
  `HANDFAST:${address.toUpperCase()}`,
]

type Use = (peer: Peer, who: string, file: string) => unknown

/** Everything that names a peer; what it gives says whom it took the name for. */
const USES: Readonly<Record<string, Use>> = {
  'messages.send': async ({ messages }, who) => (await messages.send(who, 'hello')).peer,
  'messages.history': ({ messages }, who) => messages.history(who).every(({ peer }) => peer.startsWith('hf1')),
  'messages.waiting': ({ messages }, who) => messages.waiting(who) >= 0,
  'messages.receive': ({ messages }, from) =>
    messages.receive({ from, signal: AbortSignal.abort('none') }).catch(passOver),
  'messages.incoming': ({ messages }, from) => Array.fromAsync(messages.incoming({ from, signal: soon() })),
  'files.send': async ({ files }, who, file) => (await files.send(who, file)).peer,
  'files.list': ({ files }, who) => files.list({ who }).every(({ peer }) => peer.startsWith('hf1')),
  'files.offers': ({ files }, from) => Array.fromAsync(files.offers({ from, signal: soon() })),
  'contacts.need': ({ contacts }, who) => contacts.need(who).address,
  'contacts.rename': ({ contacts }, who) => contacts.rename(who, NAME).address,
  'contacts.verify': ({ contacts }, who) => contacts.verify(who).address,
  'mailboxes.name': ({ mailboxes }, who) => {
    mailboxes.name([who])
    return mailboxes.named()[0]
  },
  lookup: async (peer, who) => (await peer.lookup(who)).log.id.join(),
  addContact: async (peer, who) => (await peer.addContact(who)).address,
  connect: async (peer, who) => (await peer.connect(who)).remote.address,
  dial: async (peer, who) => {
    const stream = await peer.dial(who, 'chess/1')
    stream.on('error', () => {}).destroy()
    return stream.remote.address
  },
}

/** What ended because its signal said so: whom it meant was understood. */
const passOver = (error: unknown): null => {
  if (error !== 'none') throw error
  return null
}

/** A signal that lets a loop begin. */
const soon = (): AbortSignal => {
  const controller = new AbortController()
  setImmediate(() => controller.abort())
  return controller.signal
}

const attempt = (use: Use, ...args: Parameters<Use>): Promise<unknown> => (async () => use(...args))()

test('every method takes the name of a contact, the address, and the link', async (t) => {
  const { b, c, file } = await start(t)
  for (const [method, use] of Object.entries(USES)) {
    const expected = await attempt(use, b, c.address, file)
    if (typeof expected === 'string' && expected.startsWith('hf1')) assert.equal(expected, c.address, method)
    for (const who of namesOf(c.address))
      assert.deepEqual(await attempt(use, b, who, file), expected, `${method} ${who}`)
  }
  for (const who of namesOf(c.address)) assert.equal(b.contacts.get(who)?.address, c.address)
  for (const who of namesOf(c.address)) {
    b.contacts.remove(who)
    assert.deepEqual(b.contacts.list(), [])
    await b.addContact(c.address, { name: NAME })
  }
})

test('every method says of an unknown name that nobody has it, and of a broken address what it is', async (t) => {
  const { b, c, file } = await start(t)
  const broken = `${c.address.slice(0, -1)}${c.address.endsWith('q') ? 'p' : 'q'}`
  for (const [method, use] of Object.entries(USES)) {
    const code = (who: string) => codeOf(attempt(use, b, who, file))
    assert.equal(await code('nobody'), 'ERR_CONTACT', method)
    assert.equal(await code('mailto:carol'), 'ERR_CONTACT', method)
    for (const who of [broken, `handfast:${broken}`]) assert.equal(await code(who), 'ERR_ADDRESS_CHECKSUM', method)
    // What comes as a link is never taken for a name.
    assert.equal(await code(`handfast:${NAME}`), 'ERR_ADDRESS_PREFIX', method)
    assert.equal(await code('handfast:'), 'ERR_ADDRESS_PREFIX', method)
  }
  assert.equal(b.contacts.get('nobody'), null)
  assert.equal(await codeOf((async () => b.contacts.get(broken))()), 'ERR_ADDRESS_CHECKSUM')
})

test('what is read from a folder takes the same', async (t) => {
  const folder = join(await makeTemporary(t), 'bob')
  await initialize(folder)
  const store = openStore(folder)
  store.contacts.keep(carol.log, 0)
  store.contacts.rename(carol.log.id, NAME)
  store.close()
  const address = createTown().open(carol).address
  using contacts = await openContacts(folder)
  using mailboxes = await openMailboxNames(folder)
  using history = await openHistory(folder, null, DEFAULT_APPLICATION)
  await using files = await openFiles(folder, null)
  for (const who of namesOf(address)) {
    assert.equal(contacts.need(who).address, address)
    mailboxes.name([who])
    assert.deepEqual(mailboxes.named(), [address])
    assert.deepEqual([[...history.read(who)], files.list({ who })], [[], []])
  }
  for (const use of [
    () => contacts.need('nobody'),
    () => mailboxes.name(['nobody']),
    () => history.read('nobody'),
    () => files.list({ who: 'nobody' }),
  ])
    assert.throws(use, { code: 'ERR_CONTACT' })
})

test('whoever takes an identity to a new machine names it by its address or the link', async (t) => {
  const folder = join(await makeTemporary(t), 'new')
  await mkdir(folder)
  const { address } = createTown().open(carol)
  const phrase = 'no phrase'
  const root = { publicKey: new Uint8Array(33), sign: () => Promise.reject(new Error('never')) }
  for (const who of [address, `handfast:${address}`, `handfast://${address}`, address.slice(0, -1), 'handfast:x']) {
    const isBroken = who.length < address.length
    const expected = (code: string) => (isBroken ? /^ERR_ADDRESS_/ : new RegExp(`^${code}$`))
    // What is wrong next: this is no phrase, and there is no network.
    assert.match(String(await codeOf(recover({ folder, phrase, network: '', address: who }))), expected('ERR_PHRASE'))
    assert.match(
      String(await codeOf(adopt({ folder, root, network: '', address: who }))),
      expected('ERR_NETWORK_MISSING'),
    )
  }
})
