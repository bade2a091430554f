import type { Connection } from '../connection/connection.ts'
import type { Dialer } from '../connection/dial.ts'
import type { Contacts } from '../contacts/contact-api.ts'
import type { Notify } from '../contacts/notice.ts'
import type { Found, Resolver } from '../contacts/resolver.ts'
import { createSenderCheck } from '../contacts/sender-check.ts'
import type { TrustStore } from '../contacts/trust-store.ts'
import type { Identity } from '../core/identity.ts'
import { LOOKUP_MS, VET_MS } from '../core/limits.ts'
import { fetchKem } from '../directory/client/fetch-kem.ts'
import type { DirectoryNetwork } from '../directory/network-port.ts'
import { createFiles } from '../files/file-api.ts'
import { createDelivery, type Delivery } from '../messages/delivery.ts'
import { createInbox } from '../messages/inbox.ts'
import { createMailboxClient } from '../messages/mailbox-client.ts'
import { createMailboxPoller } from '../messages/mailbox-poller.ts'
import { createMailboxReceiver } from '../messages/mailbox-receiver.ts'
import { createMailboxSender } from '../messages/mailbox-sender.ts'
import { createMessages } from '../messages/message-api.ts'
import type { StoredMessage } from '../store/message-store.ts'
import type { Store } from '../store/store.ts'

/** Everything that is kept until it has arrived: messages, files, and mail for those who are away. */

export type CorrespondenceParts = Dialer & {
  readonly identity: Identity
  readonly directory: DirectoryNetwork
  readonly store: Store
  readonly contacts: Contacts
  readonly resolver: Resolver
  readonly trustStore: TrustStore
  readonly notify: Notify
  /** aborted when the peer closes */
  readonly closing: AbortSignal
  /** @throws those of `Peer.lookup` */
  find(id: Uint8Array, signal: AbortSignal | undefined): Promise<Found>
  connect(id: Uint8Array, signal: AbortSignal): Promise<Connection>
  /** Gives a connection that was made for messages to the application, if there is one that listens. */
  handOver(connection: Connection): boolean
  checkGoing(signal: AbortSignal | undefined): void
  adopt(connection: Connection): void
  deadline(signal: AbortSignal | undefined, milliseconds: number): AbortSignal
}

export const createCorrespondence = (parts: CorrespondenceParts) => {
  const { identity, directory, store, world, contacts, trustStore, resolver, closing, find, deadline } = parts
  const isContact = (id: Uint8Array): boolean => trustStore.trust(id) !== 'unknown'
  const onMessages = (changed: readonly StoredMessage[]): void => messages.onMessages(changed)
  const inbox = createInbox(store.messages, isContact)
  const mailboxClient = createMailboxClient(parts)
  const mailboxSender = createMailboxSender({
    ...{ identity, store, world, mailboxClient, find, onMessages, notify: parts.notify },
    fetchKem: (found, signal) => fetchKem(directory, found, deadline(signal, LOOKUP_MS)),
  })
  const delivery: Delivery = createDelivery({
    ...{ store, world, connect: parts.connect, handOver: parts.handOver, mail: mailboxSender, inbox, onMessages },
    files: { ...store.transfers, fail: (...args) => files.fail(...args) },
  })
  const waiting = { own: identity.log.id, store, contacts, delivery, world, closing }
  const files = createFiles({ ...waiting, isContact })
  const messages = createMessages(waiting)

  const check = createSenderCheck(resolver, trustStore, (id) => store.contacts.get(id)?.log ?? null)
  const mailboxReceiver = createMailboxReceiver({
    ...{ identity, store, world, inbox, isContact, onMessages },
    check: (log, signal) => check(log, deadline(signal, VET_MS)),
    accept: (log) => trustStore.accept(log, null, false),
  })
  const mailboxPoller = createMailboxPoller({
    ...{ own: identity.log.id, store, world, mailboxClient, closing, notify: parts.notify },
    receiver: mailboxReceiver,
    wake: delivery.wake,
  })

  return { delivery, messages: messages.api, files, mailboxPoller }
}
