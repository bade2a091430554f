import type { Connection } from '../connection/connection.ts'
import type { Calling } from '../connection/dial.ts'
import type { Contacts } from '../contacts/contact-api.ts'
import type { Notify } from '../contacts/notice.ts'
import type { Finder, Found } from '../contacts/resolver.ts'
import { createSenderCheck } from '../contacts/sender-check.ts'
import type { Acquaintances } from '../contacts/trust-store.ts'
import type { Identity } from '../core/identity.ts'
import { LOOKUP_MS, VET_MS } from '../core/limits.ts'
import { fetchKem } from '../directory/client/fetch-kem.ts'
import type { DirectoryNetwork } from '../directory/network-port.ts'
import { createFiles } from '../files/file-api.ts'
import { createPost, type Post } from '../messages/delivery.ts'
import { createIntake } from '../messages/inbox.ts'
import { createVisits } from '../messages/mailbox-client.ts'
import { createMailRounds } from '../messages/mailbox-poller.ts'
import { createMailIntake } from '../messages/mailbox-receiver.ts'
import { createMailer } from '../messages/mailbox-sender.ts'
import { createLetters } from '../messages/message-api.ts'
import type { StoredLetter } from '../store/message-store.ts'
import type { Store } from '../store/store.ts'

/** Everything that is kept until it has arrived: letters, files, and mail for those who are away. */

export type CorrespondenceParts = Calling & {
  readonly identity: Identity
  readonly directory: DirectoryNetwork
  readonly store: Store
  readonly contacts: Contacts
  readonly finder: Finder
  readonly acquaintances: Acquaintances
  readonly notify: Notify
  /** aborted when the peer closes */
  readonly closing: AbortSignal
  /** @throws those of `Peer.lookup` */
  find(id: Uint8Array, signal: AbortSignal | undefined): Promise<Found>
  connect(id: Uint8Array, signal: AbortSignal): Promise<Connection>
  /** Gives a connection that was made for letters to the application, if there is one that listens. */
  handOver(connection: Connection): boolean
  checkGoing(signal: AbortSignal | undefined): void
  adopt(connection: Connection): void
  deadline(signal: AbortSignal | undefined, milliseconds: number): AbortSignal
}

export const createCorrespondence = (parts: CorrespondenceParts) => {
  const { identity, directory, store, world, contacts, acquaintances, finder, closing, find, deadline } = parts
  const isContact = (id: Uint8Array): boolean => acquaintances.standing(id) !== 'unknown'
  const onLetters = (changed: readonly StoredLetter[]): void => letters.onLetters(changed)
  const intake = createIntake(store.letters, isContact)
  const visits = createVisits(parts)
  const mailer = createMailer({
    ...{ identity, store, world, visits, find, onLetters, notify: parts.notify },
    fetchKem: (found, signal) => fetchKem(directory, found, deadline(signal, LOOKUP_MS)),
  })
  const post: Post = createPost({
    ...{ store, world, connect: parts.connect, handOver: parts.handOver, mail: mailer, intake, onLetters },
    files: { ...store.transfers, fail: (...args) => files.fail(...args) },
  })
  const waiting = { own: identity.log.id, store, contacts, post, world, closing }
  const files = createFiles({ ...waiting, isContact })
  const letters = createLetters(waiting)

  const check = createSenderCheck(finder, acquaintances, (id) => store.contacts.get(id)?.log ?? null)
  const mailIntake = createMailIntake({
    ...{ identity, store, world, intake, isContact, onLetters },
    check: (log, signal) => check(log, deadline(signal, VET_MS)),
    accept: (log) => acquaintances.accept(log, null, false),
  })
  const rounds = createMailRounds({
    ...{ own: identity.log.id, store, world, visits, closing, notify: parts.notify },
    intake: mailIntake,
    wake: post.wake,
  })

  return { post, letters: letters.api, files, rounds }
}
