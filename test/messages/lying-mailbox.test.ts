import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { utf8 } from '../../src/core/bytes.ts'
import { MAILBOX_SOURCE_PARCELS } from '../../src/core/limits/mailbox-limits.ts'
import { sealParcel } from '../../src/core/parcel.ts'
import { seconds } from '../../src/core/world.ts'
import { createMailboxHost, type MailboxHost } from '../../src/mailbox/host.ts'
import { createUselessParcels } from '../../src/messages/useless-parcels.ts'
import { alice, bob, identityOf, makeWorld } from '../connection/sides.ts'
import { seededRandom } from '../core/test-bytes.ts'
import { lie } from './liars.ts'
import { deposit, start } from './visitors.ts'

/** A mailbox that hands out what is of no use, for ever: mail of the others comes all the same, and it is said which one it is. */

const random = seededRandom('lying mailbox')
const liar = identityOf('box/liar')
const MOST = 8

/** Bob names a liar, and then an honest mailbox. */
const startLied = async (t: TestContext, hostOf: (town: Awaited<ReturnType<typeof start>>['town']) => MailboxHost) => {
  const { town, boxes, alice: a, bob: b } = await start(t, [], { visitMs: 2000, mostUseless: MOST })
  const world = makeWorld('liar')
  const host = town.open(liar, { mailbox: hostOf(town), talks: false, world })
  await host.listen()
  t.after(() => host.close())
  const honest = boxes[0]?.address ?? ''
  b.mailboxes.name([host.address, honest])
  await b.publish()
  const found = await a.lookup(b.address)
  /** Alice leaves something at the honest one, and Bob fetches. @returns what came, and who failed with what, in that order */
  const round = async (): Promise<readonly unknown[]> => {
    await deposit(a, honest, found, utf8('real'))
    const happened: unknown[] = []
    const onFailure = (mailbox: string, error: unknown): void => {
      assert.equal(mailbox, host.address)
      happened.push(error instanceof Error && 'code' in error ? error.code : error)
    }
    for await (const { envelope, acknowledge, discard } of b.visits.fetchAll({ onFailure })) {
      const text = Buffer.from(envelope).toString()
      if (text !== 'real') await discard()
      else {
        happened.push(text)
        await acknowledge()
      }
    }
    return happened
  }
  return { round }
}

const KINDS: readonly (readonly [name: string, make: () => Uint8Array])[] = [
  ['that nobody here can open', () => sealParcel(utf8('for another'), alice.ik.publicKey, random)],
  ['that open, and are of no use', () => sealParcel(utf8('no bundle'), bob.ik.publicKey, random)],
]

for (const [name, make] of KINDS)
  test(`a mailbox hands out parcels ${name}, for ever: the visit ends, it is said, and the others come first then`, async (t) => {
    const { store, handed } = lie(make)
    const { round } = await startLied(t, ({ directory: { directory } }) =>
      createMailboxHost({ id: liar.log.id, directory, store, now: () => seconds(makeWorld('liar')), random }),
    )
    assert.deepEqual(await round(), ['ERR_MAILBOX_USELESS', 'real'])
    assert.equal(handed(), MOST)
    assert.deepEqual(await round(), ['real', 'ERR_MAILBOX_USELESS'])
    assert.equal(handed(), MOST)
  })

test('one that says nothing is left when its time is up, and visited last from then on', async (t) => {
  const { round } = await startLied(t, () => ({
    ...{ serve: () => new Promise<void>(() => {}), size: 0, close: async () => {} },
    counts: () => assert.fail('nobody asks'),
  }))
  assert.deepEqual(await round(), ['ERR_TIMEOUT', 'real'])
  assert.deepEqual(await round(), ['real', 'ERR_TIMEOUT'])
})

test('what one network can leave is no fault of a mailbox the first time, and is after some visits; visits without it mend that', () => {
  const useless = createUselessParcels()
  const visit = (parcels: number, bytes = 2048): number => {
    const one = useless.visit(liar.log.id)
    for (let count = 0; count < parcels; count++) one.count(bytes)
    return one.end()
  }
  assert.deepEqual([visit(MAILBOX_SOURCE_PARCELS - 1), visit(20), visit(0)], [0, 0, 0])
  assert.equal(visit(MAILBOX_SOURCE_PARCELS - 1), MAILBOX_SOURCE_PARCELS - 1)
  for (let count = 0; count < 8; count++) visit(0)
  assert.equal(useless.scoreOf(liar.log.id), 0)
  // Large ones weigh more.
  assert.equal(visit(64, 128 * 1024), 64)
})
