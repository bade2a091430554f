import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { Directory } from '../../src/directory/client/directory.ts'
import type { LookupOptions } from '../../src/directory/client/lookup.ts'
import { at, failsWith, lengthen, makeBytes, makeIdentity, makePrekeys } from '../core/identities.ts'
import { closedOf, publicationOf, rotated, updated } from './publications.ts'

/** What peers may rely on from any Directory: that of Handfast's nodes, that of any nodes, and the two together pass the same. */

export type Harness = {
  readonly directory: Directory
  /** the clock of all nodes, seconds */
  readonly now: number
  /** Has all nodes lose what they keep, but for the first `keeping` of them. */
  forget(keeping: number): void
  /** From then on nobody answers. */
  silence(): void
}

const alice = makeIdentity('contract/Alice')
const prekeys = makePrekeys('contract/Alice')
const mailboxes = [makeBytes('mailbox', 32)]
const plenty = (): AbortSignal => AbortSignal.timeout(60_000)

export const checkDirectoryContract = (start: (t: TestContext, size: number) => Promise<Harness>): void => {
  const choice = ({ now }: Harness, later = 0) => ({ serial: now * 1000 + later, mailboxes })
  const options = ({ now }: Harness): LookupOptions => ({ now, signal: plenty() })
  const long = lengthen(alice.log, at(alice.roots, 0), 4)

  test('what is published is found by its address alone, and its key by its card', async (t) => {
    const harness = await start(t, 8)
    const { directory } = harness
    const records = publicationOf(alice, long, prekeys, choice(harness))
    const publication = await directory.publish(records, { signal: plenty() })
    assert.deepEqual([publication.accepted, publication.weak, publication.crowded], [8, false, false])
    assert.equal(publication.refusals.size, 0)
    for (const place of publication.replicas) assert.deepEqual(place, { asked: 8, accepted: 8 })
    const found = await directory.lookup(alice.log.id, options(harness))
    assert.deepEqual(found.log.last.hash, long.last.hash)
    assert.deepEqual([found.freshness, found.fork, found.verdict.kind], ['current', null, 'few'])
    assert.deepEqual(found.card?.hash, records.card.signed.hash)
    assert.deepEqual(
      found.devices.map(({ device, freshness }) => [device, freshness]),
      [[0, 'current']],
    )
    const { answered, agreeing, failed, complete, flaws, places } = found.evidence
    assert.deepEqual([answered, agreeing, failed, complete, flaws, places.length], [8, 8, 0, true, [], 3])
    for (const { closest, agreeing: agree } of places) assert.deepEqual([closest, agree], [8, 8])
    const { card, holders } = found
    assert.ok(card !== null)
    assert.deepEqual(await directory.fetchKem({ card, holders }, plenty()), prekeys.kem.publicKey)
    assert.deepEqual(found.lacking, [])
  })

  test('nobody has what was never published', async (t) => {
    const harness = await start(t, 8)
    const { directory } = harness
    await assert.rejects(directory.lookup(makeBytes('nobody', 32), options(harness)), failsWith('ERR_LOOKUP_NOT_FOUND'))
    // Not even who knows the log from before finds it.
    await assert.rejects(
      directory.lookup(alice.log.id, { ...options(harness), known: long }),
      failsWith('ERR_LOOKUP_NOT_FOUND'),
    )
  })

  test('silence is no answer', async (t) => {
    const harness = await start(t, 8)
    harness.silence()
    const { directory } = harness
    await assert.rejects(directory.lookup(alice.log.id, options(harness)), failsWith('ERR_LOOKUP_INCOMPLETE'))
    const records = publicationOf(alice, long, prekeys, choice(harness))
    await assert.rejects(directory.publish(records, { signal: plenty() }), failsWith('ERR_PUBLISH_REFUSED'))
  })

  test('the newest card counts, and a card under replaced keys does not', async (t) => {
    const harness = await start(t, 8)
    const { directory } = harness
    const find = async (known?: typeof long) => directory.lookup(alice.log.id, { ...options(harness), known })
    await directory.publish(publicationOf(alice, alice.log, prekeys, choice(harness)), { signal: plenty() })
    const next = publicationOf(alice, alice.log, prekeys, choice(harness, 1))
    await directory.publish(next, { signal: plenty() })
    assert.deepEqual((await find()).card?.hash, next.card.signed.hash)
    const newer = updated(alice, alice.log, harness.now)
    await directory.publish(publicationOf(alice, newer, prekeys, choice(harness, 2)), { signal: plenty() })
    for (const known of [undefined, alice.log]) {
      const { log, card, freshness } = await find(known)
      assert.deepEqual([log.last.hash, freshness, card?.card.seq], [newer.last.hash, 'current', 1])
    }
    // Twice, and nothing but the logs: nobody has confirmed the new keys yet.
    const twice = rotated(alice, rotated(alice, newer))
    await directory.publish({ log: twice, closed: closedOf(alice, twice) }, { signal: plenty() })
    for (const known of [undefined, alice.log, newer, twice]) {
      const { log, card, freshness, verdict } = await find(known)
      assert.deepEqual([log.last.hash, card, freshness, verdict.kind], [twice.last.hash, null, 'stale', 'stale'])
    }
    await directory.publish(publicationOf(alice, twice, prekeys, choice(harness, 3)), { signal: plenty() })
    for (const known of [undefined, newer, twice]) assert.equal((await find(known)).freshness, 'current')
  })

  test('a retired identity is found as that', async (t) => {
    const harness = await start(t, 8)
    const { directory } = harness
    await directory.publish(publicationOf(alice, alice.log, prekeys, choice(harness)), { signal: plenty() })
    const log = rotated(alice, alice.log, { status: 'retired' })
    await directory.publish({ log, closed: closedOf(alice, log) }, { signal: plenty() })
    for (const known of [undefined, alice.log, log]) {
      const found = await directory.lookup(alice.log.id, { ...options(harness), known })
      assert.deepEqual([found.verdict.kind, found.card, found.log.last.hash], ['retired', null, log.last.hash])
    }
  })

  test('two logs that contradict each other are shown as a fork, and a person decides', async (t) => {
    const harness = await start(t, 8)
    const { directory } = harness
    const [mine, stolen] = [1, 2].map((later) => updated(alice, alice.log, harness.now + later))
    assert.ok(mine !== undefined && stolen !== undefined)
    const common = publicationOf(alice, mine, prekeys, choice(harness))
    await directory.publish(common, { signal: plenty() })
    // Nodes of Handfast keep no card of a branch that came second, and the branch all the same.
    const theft = publicationOf(alice, stolen, prekeys, choice(harness, 5))
    await directory.publish(theft, { signal: plenty() }).catch(() => null)
    const found = await directory.lookup(alice.log.id, { ...options(harness), known: mine })
    assert.ok(found.fork !== null)
    assert.equal(found.verdict.kind, 'forked')
    const anchor = { seq: 1, head: mine.last.hash }
    const decided = await directory.lookup(alice.log.id, { ...options(harness), known: mine, anchor })
    assert.deepEqual([decided.fork, decided.log.last.hash], [null, mine.last.hash])
  })

  test('what is missing is put back by its owner, and by whoever knows it', async (t) => {
    const harness = await start(t, 8)
    const { directory, now } = harness
    const records = publicationOf(alice, long, prekeys, choice(harness))
    await directory.publish(records, { signal: plenty() })
    const check = () => directory.check(records, { now, signal: plenty() })
    assert.deepEqual([(await check()).repaired, (await check()).confirmed], [0, true])
    harness.forget(2)
    assert.equal((await check()).repaired, 6)
    assert.deepEqual([(await check()).repaired, (await check()).confirmed], [0, true])
    harness.forget(2)
    await directory.keep(long, { now, signal: plenty() })
    const { evidence, log } = await directory.lookup(alice.log.id, { now, signal: plenty() })
    assert.deepEqual([evidence.agreeing, log.last.hash], [8, long.last.hash])
    // Nobody has it any more: who knows the log can put that back, and its owner the rest.
    harness.forget(0)
    const lost = await directory.keep(long, { now, signal: plenty() }).catch((error: unknown) => error)
    assert.ok(lost === undefined || lost instanceof Error)
    await directory.publish(records, { signal: plenty() })
    assert.equal((await directory.lookup(alice.log.id, { now, signal: plenty() })).freshness, 'current')
  })
}
