import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { decodeAddress, encodeAddress } from '../../src/core/address.ts'
import { CHUNK_BYTES, FILES_AT_ONCE, STRANGER_FILES_MAX } from '../../src/core/limits.ts'
import type { FileEvent } from '../../src/files/events.ts'
import type { FileOffer } from '../../src/files/file-api.ts'
import { codeOf, isSettled, mallory as malloryIdentity, settle } from '../connection/sides.ts'
import { addresses, type FileSide, sha256, startFiles, startMet, untilFiles } from './file-sides.ts'
import { sendAll, startWithOffers } from './offers.ts'

/** What is told of files without having been asked, and the loops that offers are taken from. */

const offersIn = (events: readonly FileEvent[]): readonly FileOffer[] =>
  events.flatMap((event) => (event.type === 'offer' ? [event.offer] : []))

const statesIn = (events: readonly FileEvent[], id: number): readonly string[] => {
  const states = events.flatMap((event) =>
    event.type === 'file' && event.transfer.id === id ? [event.transfer.state] : [],
  )
  return states.filter((state, index) => state !== states[index - 1])
}

/** Whether there is an offer to take; it is taken. */
const hasOffer = async ({ api }: Pick<FileSide, 'api'>): Promise<boolean> => {
  const abort = new AbortController()
  const received = api.receive({ signal: abort.signal })
  received.catch(() => {})
  const has = await isSettled(received)
  abort.abort()
  return has
}

/** Resolves when that many offers were told of. */
const untilTold = async ({ events }: Pick<FileSide, 'events'>, count: number): Promise<readonly FileOffer[]> => {
  for (let turn = 0; turn < 200 && offersIn(events).length < count; turn++) await settle()
  assert.equal(offersIn(events).length, count)
  return offersIn(events)
}

test('every step of a file is told on both sides, and who waits for it is asked for', async (t) => {
  const { sides, write, transfer } = await startMet(t)
  const { path, content } = await write('a.bin', 40 * CHUNK_BYTES)
  const { sent, accepted } = await transfer(path)
  await sides.bob.api.finished(accepted.id)
  await sides.alice.api.finished(sent.id)
  await settle()
  assert.deepEqual(sides.alice.queued.map(encodeAddress), [addresses.bob])
  assert.deepEqual(statesIn(sides.alice.events, sent.id), ['queued', 'offered', 'sending', 'delivered'])
  assert.deepEqual(statesIn(sides.bob.events, accepted.id), ['waiting', 'receiving', 'saved'])
  assert.deepEqual(
    offersIn(sides.bob.events).map(({ peer, name, size, sha256: hash }) => [peer, name, size, hash]),
    [[addresses.alice, 'a.bin', content.length, sha256(content)]],
  )
  assert.equal(offersIn(sides.alice.events).length, 0)
})

test('an offer is told of once, on however many connections it is made, and loops give the same one', async (t) => {
  const stage = await startFiles(t)
  const { sides, to, write } = stage
  const { path, content } = await write('a.bin', 3 * CHUNK_BYTES)
  await stage.meet()
  const { id } = await sides.alice.api.send(addresses.bob, path)
  const [told] = await untilTold(sides.bob, 1)
  for (let round = 0; round < 3; round++) {
    stage.cut()
    await settle()
    assert.equal(await hasOffer(sides.bob), false, 'no loop is given what nobody offers now')
    await stage.meet()
    await settle()
  }
  await untilTold(sides.bob, 1)
  assert.ok(told !== undefined)
  const { id: accepted } = await told.accept(to)
  await sides.bob.api.finished(accepted)
  await sides.alice.api.finished(id)
  assert.equal(sha256(await readFile(join(to, 'a.bin'))), sha256(content))
  for (const again of [() => told.accept(to), () => told.refuse()])
    assert.equal(await codeOf(again()), 'ERR_FILE_REFUSED')

  await sides.alice.api.send(addresses.bob, path, { name: 'b.bin' })
  const [, second] = await untilTold(sides.bob, 2)
  assert.equal(second?.name, 'b.bin')
  const abort = new AbortController()
  for await (const offer of sides.bob.api.offers({ signal: abort.signal })) {
    assert.equal(offer, second)
    abort.abort()
  }
})

test('an offer whose sender has left can be decided on: he hears of it when he is back', async (t) => {
  const stage = await startFiles(t)
  const { sides, to, write } = stage
  const [first, second] = [await write('a.bin', 3 * CHUNK_BYTES), await write('b.bin', 10)]
  await stage.meet()
  const sent = await sides.alice.api.send(addresses.bob, first.path)
  const other = await sides.alice.api.send(addresses.bob, second.path)
  const [taken, refused] = await untilTold(sides.bob, 2)
  stage.cut()
  await settle()
  const accepted = (await taken?.accept(to)) ?? assert.fail()
  assert.equal(accepted.state, 'waiting')
  await refused?.refuse()
  await stage.meet()
  await sides.bob.api.finished(accepted.id)
  await sides.alice.api.finished(sent.id)
  assert.equal(await codeOf(sides.alice.api.finished(other.id)), 'ERR_FILE_REFUSED')
  await untilTold(sides.bob, 2)
  await untilFiles(to, 1)
})

test('of those whose sender has left eight are remembered, and they count for nothing', async (t) => {
  const { files, bob, to, offer, meet } = await startWithOffers(t)
  const first: Awaited<ReturnType<typeof offer>>[] = []
  for (let index = 0; index < FILES_AT_ONCE; index++) first.push(await offer({ name: `${index}` }))
  const told = await untilTold(files, FILES_AT_ONCE)
  await bob.close()
  await settle()
  const again = await meet()
  // As many others have their place; with them the older ones are forgotten.
  for (let index = 0; index < FILES_AT_ONCE; index++) await offer({ by: again.mallory })
  await untilTold(files, 2 * FILES_AT_ONCE)
  await again.bob.close()
  await settle()
  for (const one of told) assert.equal(await codeOf(one.accept(to)), 'ERR_FILE_LIMIT')
  // What was forgotten is an offer like any other when it comes again.
  const last = await meet()
  await offer({ by: last.mallory, name: 'again', id: first[0]?.id ?? assert.fail() })
  assert.equal((await untilTold(files, 2 * FILES_AT_ONCE + 1)).at(-1)?.name, 'again')
})

test('whoever leaves and comes back offers no more than who stays', async (t) => {
  const { files, bob, mallory, to, offer, meet } = await startWithOffers(t, { isContact: false })
  for (let index = 0; index < STRANGER_FILES_MAX; index++) await offer()
  const told = await untilTold(files, STRANGER_FILES_MAX)
  await bob.close()
  await mallory.channel.stream.close()
  await settle()
  const again = await meet()
  for (let index = 0; index < STRANGER_FILES_MAX; index++) {
    const { seen } = await offer({ by: again.mallory })
    await (await seen()).accept(to)
  }
  for (const one of told) assert.equal(await codeOf(one.accept(to)), 'ERR_FILE_LIMIT')
  assert.equal(files.store.transfers.countReceiving(malloryIdentity.log.id), STRANGER_FILES_MAX)
})

test('an id that comes back as another file is none, also when its first offer is only remembered', async (t) => {
  const { files, bob, mallory, to, offer, meet } = await startWithOffers(t)
  const first = await offer()
  const [told] = await untilTold(files, 1)
  await bob.close()
  await mallory.channel.stream.close()
  await settle()
  const again = await meet()
  await offer({ by: again.mallory, id: first.id, size: 5 })
  assert.equal((await again.mallory.hearUntil('file-refuse')).code, 'ERR_FILE_LIMIT')
  assert.equal((await told?.accept(to))?.size, told?.size)
})

test('a file that is given up is not begun anew by an offer that comes before that is on disk', async (t) => {
  const { mallory, files, to, offer } = await startWithOffers(t)
  const offered = await offer()
  const { id } = await (await offered.seen()).accept(to)
  await mallory.hearUntil('file-accept')
  await offered.chunk(0)
  // Nothing is written while the disk is held.
  const { group } = files.store
  const { run } = group
  const disk = Promise.withResolvers<void>()
  t.mock.method(group, 'run', async (work: () => unknown) => {
    await disk.promise
    return run(work)
  })
  const cancelled = files.api.cancel(id)
  await settle()
  await offer({ id: offered.id })
  await sendAll(offered)
  await settle()
  disk.resolve()
  await cancelled
  const said = await mallory.hear()
  assert.deepEqual([said?.k, said?.code], ['file-refuse', 'ERR_FILE_REFUSED'], 'it was not asked for again')
  await settle()
  assert.equal(files.api.list()[0]?.state, 'refused')
  await untilFiles(to, 0)
})

test('a loop over offers ends with its signal or its peer, and takes those of whom it names only', async (t) => {
  const { sides, write } = await startMet(t)
  const { path } = await write('a.bin', 10)
  await sides.alice.api.send(addresses.bob, path)
  await untilTold(sides.bob, 1)
  const collect = async (offers: AsyncIterable<FileOffer>): Promise<readonly string[]> => {
    const names: string[] = []
    for await (const { name } of offers) names.push(name)
    return names
  }
  const { api } = sides.bob
  const aborted = AbortSignal.abort(new Error('enough'))
  assert.deepEqual(await collect(api.offers({ signal: aborted })), [])
  const abort = new AbortController()
  const ofBob = collect(api.offers({ from: `handfast:${addresses.bob}`, signal: abort.signal }))
  assert.equal(await isSettled(ofBob), false, 'he offers nothing to himself')
  abort.abort(new Error('enough'))
  assert.deepEqual(await ofBob, [])
  assert.throws(() => api.offers({ from: 'nobody' }), { code: 'ERR_CONTACT' })
  const ofAlice = collect(api.offers({ from: `handfast:${addresses.alice}` }))
  const all = collect(api)
  assert.equal(await isSettled(Promise.race([ofAlice, all])), false)
  await sides.bob.end()
  assert.deepEqual([await ofAlice, await all], [['a.bin'], []])
})

test('what a listener throws is not the failure of the file', async (t) => {
  const { sides, to, write, transfer } = await startMet(t)
  const { path, content } = await write('a.bin', 20 * CHUNK_BYTES)
  const thrown: unknown[] = []
  t.mock.method(globalThis, 'queueMicrotask', (work: () => void) => {
    Promise.resolve()
      .then(work)
      .catch((error: unknown) => void thrown.push(error))
  })
  sides.bob.watch(() => {
    throw new Error('of the listener')
  })
  const { sent, accepted } = await transfer(path)
  await sides.bob.api.finished(accepted.id)
  await sides.alice.api.finished(sent.id)
  assert.ok(thrown.length > 3)
  assert.equal(sha256(await readFile(join(to, 'a.bin'))), sha256(content))
})

test('what waits is given up when it has waited for too long, or when nobody will ever take it', async (t) => {
  const { sides, write } = await startFiles(t)
  const { alice } = sides
  const { path } = await write('a.bin', 10)
  await alice.api.send(addresses.bob, path)
  const { at } = await alice.api.send(addresses.bob, path)
  const bob = decodeAddress(addresses.bob)
  assert.deepEqual(alice.queued, [bob, bob])
  assert.deepEqual([alice.backlog.waiting(), alice.backlog.isWaiting(bob)], [[bob], true])
  const month = 30 * 24 * 3600 * 1000
  await alice.backlog.expire(bob, at + month)
  assert.deepEqual(
    alice.api.list().map(({ state }) => state),
    ['queued', 'queued'],
  )
  await alice.backlog.expire(bob, at + month + 1)
  assert.deepEqual(
    alice.api.list().map(({ state, reason }) => [state, reason]),
    [1, 2].map(() => ['failed', 'ERR_FILE_EXPIRED']),
  )
  const { id } = await alice.api.send(addresses.bob, path)
  await alice.backlog.giveUp(bob, 'ERR_PEER_RETIRED')
  assert.equal(await codeOf(alice.api.finished(id)), 'ERR_PEER_RETIRED')
  assert.deepEqual([alice.backlog.waiting(), alice.backlog.isWaiting(bob)], [[], false])
})
