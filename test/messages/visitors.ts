import type { TestContext } from 'node:test'
import type { Found } from '../../src/contacts/resolver.ts'
import { createTrustStore } from '../../src/contacts/trust-store.ts'
import { decodeAddress, encodeAddress } from '../../src/core/address.ts'
import type { Identity } from '../../src/core/identity.ts'
import { sealParcel } from '../../src/core/parcel.ts'
import { createMailboxClient } from '../../src/messages/mailbox-client.ts'
import { alice, bob, identityOf, makeWorld } from '../connection/sides.ts'
import { seededRandom } from '../core/test-bytes.ts'
import { createTown, type Town } from './town.ts'

/** Peers that visit mailboxes by themselves, with envelopes of any kind. */

/** What a visit may come to. */
type Bounds = { readonly visitMs?: number; readonly mostUseless?: number }

/** A peer with what it visits mailboxes with. */
export const visiting = (town: Town, identity: Identity, changed: Bounds = {}) => {
  const peer = town.open(identity)
  const { store, transport, lookup } = peer
  const world = makeWorld(`visits of ${encodeAddress(identity.log.id)}`)
  const visits = createMailboxClient({
    ...{ identity, store, transport, world, trustStore: createTrustStore(store, world, () => {}) },
    find: (id) => lookup(encodeAddress(id)),
    checkGoing: (signal) => signal?.throwIfAborted(),
    adopt: (connection) => void connection.closed.catch(() => {}),
    ...changed,
  })
  return { ...peer, visits }
}
export type Visitor = ReturnType<typeof visiting>

const parcelFor = ({ log, card }: Found, envelope: Uint8Array): Uint8Array => {
  const device = log.last.entry.devices[card?.card.device ?? 0]
  return sealParcel(envelope, device?.dh ?? new Uint8Array(0), seededRandom(`${depositing++}`))
}
let depositing = 0

export const deposit = ({ visits }: Visitor, mailbox: string, to: Found, envelope: Uint8Array): Promise<void> =>
  visits.leave(decodeAddress(mailbox), to.log.id, parcelFor(to, envelope))

/** The same parcel at all that the card names. */
export const depositAtAll = (
  { visits }: Visitor,
  to: Found,
  envelope: Uint8Array,
): Promise<{ mailbox: string; error: unknown }[]> => {
  const parcel = parcelFor(to, envelope)
  return Promise.all(
    (to.card?.card.mailboxes ?? []).map(async (id) => {
      const mailbox = encodeAddress(id)
      return visits.leave(id, to.log.id, parcel).then(
        () => ({ mailbox, error: null }),
        (error: unknown) => ({ mailbox, error }),
      )
    }),
  )
}

export const boxes = ['one', 'two', 'three', 'four'].map((name) => identityOf(`box/${name}`))
const addressOf = ({ log }: Identity): string => encodeAddress(log.id)
export const addresses = boxes.map(addressOf)

/** A town with three mailboxes, all named in the card that Bob has published before he left. */
export const start = async (t: TestContext, names: readonly string[] = addresses.slice(0, 3), changed: Bounds = {}) => {
  const town = createTown()
  const opened = boxes.slice(0, 3).map((box) => town.openMailbox(box, { talks: false }))
  for (const box of opened) await box.listen()
  const b = visiting(town, bob, changed)
  b.mailboxes.name(names)
  await b.publish()
  const a = visiting(town, alice)
  t.after(() => Promise.all([a, b, ...opened].map((peer) => peer.close())))
  return { town, boxes: opened, alice: a, bob: b, found: await a.lookup(b.address) }
}

/** Everything that is fetched, acknowledged or not. */
export const fetchAll = async (peer: Visitor, acknowledge = true): Promise<{ texts: string[]; failures: string[] }> => {
  const texts: string[] = []
  const failures: string[] = []
  const onFailure = (mailbox: string, error: unknown): void =>
    void failures.push(
      `${addresses.indexOf(mailbox)} ${error instanceof Error && 'code' in error ? error.code : error}`,
    )
  for await (const delivery of peer.visits.fetchAll({ onFailure })) {
    texts.push(Buffer.from(delivery.envelope).toString())
    if (acknowledge) await delivery.acknowledge()
  }
  return { texts, failures }
}
