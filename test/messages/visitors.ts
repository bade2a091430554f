import type { Found } from '../../src/contacts/resolver.ts'
import { createTrustStore } from '../../src/contacts/trust-store.ts'
import { decodeAddress, encodeAddress } from '../../src/core/address.ts'
import type { Identity } from '../../src/core/identity.ts'
import { sealParcel } from '../../src/core/parcel.ts'
import { createMailboxClient } from '../../src/messages/mailbox-client.ts'
import { makeWorld } from '../connection/sides.ts'
import { seededRandom } from '../core/test-bytes.ts'
import type { Town } from './town.ts'

/** Peers that visit mailboxes by themselves, with envelopes of any kind. */

/** A peer with what it visits mailboxes with. */
export const visiting = (town: Town, identity: Identity) => {
  const peer = town.open(identity)
  const { store, transport, lookup } = peer
  const world = makeWorld(`visits of ${encodeAddress(identity.log.id)}`)
  const visits = createMailboxClient({
    ...{ identity, store, transport, world, trustStore: createTrustStore(store, world, () => {}) },
    find: (id) => lookup(encodeAddress(id)),
    checkGoing: (signal) => signal?.throwIfAborted(),
    adopt: (connection) => void connection.closed.catch(() => {}),
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
