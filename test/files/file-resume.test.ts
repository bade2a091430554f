import assert from 'node:assert/strict'
import { readdir, stat, writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { CHUNK_BYTES as SIZE } from '../../src/core/limits/file-limits.ts'
import { codeOf, isSettled, settle } from '../connection/sides.ts'
import { flip } from '../core/identities.ts'
import { allRuns } from '../runs.ts'
import { addresses, nextOffer, reaches, startFiles, untilFiles } from './file-sides.ts'
import { cutAfter, ended, goOn, interrupt, keptBy, partOf } from './interruptions.ts'

/** Files that outlive their connections, and both processes. */

const COUNT = 7

for (const after of allRuns ? Array(COUNT + 1).keys() : [0, 1, 4, COUNT])
  test(`§1 after ${after} of ${COUNT} chunks the connection breaks: the next one carries the others`, async (t) => {
    const stage = await interrupt(t, (COUNT - 1) * SIZE + 1, after)
    assert.equal(keptBy(stage, stage.accepted), after, 'what came before the break is kept')
    if (after > 0 && after < COUNT) {
      const part = await stat(await partOf(stage))
      assert.equal(part.size, after * SIZE)
      assert.equal(part.mode & 0o777, 0o600)
    }
    assert.equal(await goOn(stage), COUNT - after)
  })

test('§1 it breaks in the middle of a chunk again and again, and arrives once', async (t) => {
  const stage = await interrupt(t, 30 * SIZE, 3)
  for (let round = 0; round < (allRuns ? 8 : 3); round++) {
    const before = keptBy(stage, stage.accepted)
    await ended(stage, await stage.meet((fresh) => cutAfter(fresh, 1 + (round % 3))))
    assert.equal(keptBy(stage, stage.accepted), before + 1 + (round % 3))
  }
  await goOn(stage)
})

for (const who of ['alice', 'bob'] as const)
  test(`§1 ${who}’s process is killed in the middle: it goes on from what was certainly on disk`, async (t) => {
    const stage = await startFiles(t)
    const { path, content } = await stage.write('a.bin', 100 * SIZE + 7)
    let met = await stage.meet()
    const sent = await stage.sides.alice.api.send(addresses.bob, path)
    const accepted = await (await nextOffer(stage.sides.bob)).accept(stage.to)
    const all = { ...stage, content, sent: sent.id, accepted: accepted.id }
    for (const chunks of allRuns ? [8, 20, 40] : [8, 40]) {
      const reached = Promise.withResolvers<void>()
      stage.sides.bob.watch(({ done }) => done >= chunks * SIZE && reached.resolve())
      await reached.promise
      await stage.crash(who)
      await ended(stage, met)
      const kept = keptBy(stage, accepted.id)
      assert.ok(kept >= chunks && kept < 100)
      assert.ok((await stat(await partOf(stage))).size >= kept * SIZE)
      assert.deepEqual((await readdir(stage.to)).length, 1, 'nothing of it is shown')
      if (chunks < 40) met = await stage.meet()
    }
    const kept = keptBy(stage, accepted.id)
    assert.equal(await goOn(all), 101 - kept)
  })

test('§1 a sender that did not hear that it arrived, or is refused, is told again, and nobody is asked', async (t) => {
  const stage = await startFiles(t)
  const { sides, to, write } = stage
  const { pair } = await stage.meet()
  const { path } = await write('a.bin', 10)
  const [first, second] = [
    await sides.alice.api.send(addresses.bob, path),
    await sides.alice.api.send(addresses.bob, path, { name: 'b.bin' }),
  ]
  const [taken, refused] = [await nextOffer(sides.bob), await nextOffer(sides.bob)]
  // Alice hears that it is accepted, and nothing after that.
  void reaches(sides.alice, first.id, 'sending').then(() => {
    pair.toNear.rewrite = () => []
  })
  const { id } = await taken.accept(to)
  await sides.bob.api.finished(id)
  await refused.refuse()
  await stage.crash('alice')
  assert.deepEqual(
    stage.sides.alice.api.list().map(({ state }) => state),
    ['queued', 'queued'],
  )
  await stage.meet()
  await sides.alice.api.finished(first.id)
  assert.equal(await codeOf(sides.alice.api.finished(second.id)), 'ERR_FILE_REFUSED')
  assert.equal(await isSettled(sides.bob.api.receive()), false)
  await untilFiles(to, 1)
})

test('§1 a file that was taken back while the other was away is removed there when they meet', async (t) => {
  const stage = await interrupt(t, 9 * SIZE, 5)
  await stage.sides.alice.api.cancel(stage.sent)
  await stage.meet()
  assert.equal(await codeOf(stage.sides.bob.api.finished(stage.accepted)), 'ERR_FILE_WITHDRAWN')
  await untilFiles(stage.to, 0)
})

test('§1 a file that was given up while the other was away is refused when they meet', async (t) => {
  const stage = await interrupt(t, 9 * SIZE, 5)
  await stage.sides.bob.api.cancel(stage.accepted)
  await untilFiles(stage.to, 0)
  await stage.meet()
  assert.equal(await codeOf(stage.sides.alice.api.finished(stage.sent)), 'ERR_FILE_REFUSED')
})

test('§1 a file that changed while it was interrupted does not become a mixture', async (t) => {
  const stage = await interrupt(t, 9 * SIZE, 5)
  await writeFile(stage.path, flip(stage.content, 8 * SIZE))
  await stage.meet()
  assert.equal(await codeOf(stage.sides.alice.api.finished(stage.sent)), 'ERR_FILE_CHANGED')
  assert.equal(await codeOf(stage.sides.bob.api.finished(stage.accepted)), 'ERR_FILE_CHANGED')
  await untilFiles(stage.to, 0)
})

test('§1 an offer that nobody decided on is made again; one that somebody holds is not made twice', async (t) => {
  const stage = await startFiles(t)
  const { sides, to, write } = stage
  const { path } = await write('a.bin', 3 * SIZE)
  await stage.meet()
  const { id } = await sides.alice.api.send(addresses.bob, path)
  await settle()
  stage.cut()
  await settle()
  await stage.meet()
  const offer = await nextOffer(sides.bob)
  assert.equal(await isSettled(sides.bob.api.receive()), false)
  stage.cut()
  await settle()
  // Decided while the sender is away: it goes on when he is there again.
  const accepted = await offer.accept(to)
  assert.equal(sides.bob.api.list()[0]?.state, 'waiting')
  await stage.meet()
  await sides.bob.api.finished(accepted.id)
  await sides.alice.api.finished(id)
})

test('§1 the newest connection is the one that counts: an older one may be dead and not know it', async (t) => {
  const stage = await startFiles(t)
  const { sides, to, write } = stage
  const { path } = await write('a.bin', 40 * SIZE)
  const old = await stage.meet()
  const { id } = await sides.alice.api.send(addresses.bob, path)
  const accepted = await (await nextOffer(sides.bob)).accept(to)
  const reached = Promise.withResolvers<void>()
  sides.bob.watch(({ done }) => done >= 8 * SIZE && reached.resolve())
  await reached.promise
  old.pair.toFar.hold()
  old.pair.toNear.hold()
  await stage.meet()
  await sides.bob.api.finished(accepted.id)
  await sides.alice.api.finished(id)
  // What wakes up on it later does no harm.
  old.pair.toFar.release()
  old.pair.toNear.release()
  await settle()
  await untilFiles(to, 1)
})

test('§1 an offer that was taken back while the other was away is no longer held open for it', async (t) => {
  const stage = await startFiles(t)
  const { sides, to, write } = stage
  const { path } = await write('a.bin', 10)
  await stage.meet()
  const { id } = await sides.alice.api.send(addresses.bob, path)
  const offer = await nextOffer(sides.bob)
  stage.cut()
  await settle()
  await sides.alice.api.cancel(id)
  await stage.meet()
  await settle()
  assert.equal(await codeOf(offer.accept(to)), 'ERR_FILE_WITHDRAWN')
})
