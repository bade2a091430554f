import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { encodeAddress } from '../../src/core/address.ts'
import { utf8 } from '../../src/core/bytes.ts'
import { MAILBOX_SOURCE_PARCELS } from '../../src/core/limits/mailbox-limits.ts'
import { sealParcel } from '../../src/core/parcel.ts'
import { seconds } from '../../src/core/world.ts'
import { createMailboxHost } from '../../src/mailbox/host.ts'
import { alice, bob, identityOf, makeWorld } from '../connection/sides.ts'
import { seededRandom } from '../core/test-bytes.ts'
import { lie } from '../messages/liars.ts'
import { boxes, createResident, start } from '../messages/residents.ts'

/** A mailbox that hands out what is of no use, for ever, to a whole peer: with the bounds as they are. */

const random = seededRandom('lying mailbox')
const liar = identityOf('box/liar')
const MOST = MAILBOX_SOURCE_PARCELS

const meetLiar = async (t: TestContext, make: () => Uint8Array) => {
  const town = await start(t)
  const world = makeWorld('liar')
  const { store, handed } = lie(make)
  const parts = { id: liar.log.id, directory: town.directory.directory, store, now: () => seconds(world), random }
  const host = town.open(liar, { mailbox: createMailboxHost(parts), talks: false, world })
  await host.listen()
  t.after(() => host.close())
  const [honest] = boxes
  assert.ok(honest)
  // The liar is named first.
  const b = createResident(town, bob, [liar, honest])
  const a = createResident(town, alice)
  t.after(() => [a, b].map(({ store: kept }) => kept.close()))
  await b.visit(async () => {})
  return { town, a, b, handed }
}

/** How those ended that failed. */
const codesOf = (failures: readonly { readonly mailbox: string; readonly error: unknown }[]) =>
  failures.map(({ mailbox, error }) => [mailbox, error instanceof Error && 'code' in error ? error.code : error])

const KINDS: readonly (readonly [name: string, make: () => Uint8Array])[] = [
  ['that nobody here can open', () => sealParcel(utf8('for another'), alice.ik.publicKey, random)],
  ['that open, and say nothing', () => sealParcel(new Uint8Array(100_000), bob.ik.publicKey, random)],
]

for (const [name, make] of KINDS)
  test(`a mailbox hands out parcels ${name}, for ever: mail of the other comes, the visit ends, and it is told`, async (t) => {
    const { a, b, handed } = await meetLiar(t, make)
    await a.write(b.address, 'real')
    await b.visit(async ({ mailboxes, messages }) => {
      const { taken, failures } = await mailboxes.fetch()
      assert.equal(taken, 1)
      assert.deepEqual(codesOf(failures), [[encodeAddress(liar.log.id), 'ERR_MAILBOX_USELESS']])
      assert.equal((await messages.receive())?.text, 'real')
    })
    assert.ok(handed() <= MOST)
    const told = b.notices.flatMap((event) => (event.type === 'mailbox-failed' ? [event.address] : []))
    assert.deepEqual(told, [encodeAddress(liar.log.id)])
  })

test('one that hands back what this peer left there for others is found out in the same way', async (t) => {
  let own: Uint8Array | null = null
  const { town, a, b, handed } = await meetLiar(t, () => own ?? sealParcel(utf8('x'), alice.ik.publicKey, random))
  await a.visit(async () => {})
  await b.write(a.address, 'mine')
  const [keep] = town.keeps
  own = keep?.next(alice.log.id, 0, town.world.now)?.parcel ?? null
  handed()
  await b.visit(async ({ mailboxes }) => {
    assert.deepEqual(codesOf((await mailboxes.fetch()).failures), [[encodeAddress(liar.log.id), 'ERR_MAILBOX_USELESS']])
  })
  assert.equal(handed(), MOST)
})
