import type { Identity } from '../core/identity.ts'
import { LOOKUP_MS, VET_MS } from '../core/limits.ts'
import { fetchKem } from '../directory/fetch-kem.ts'
import type { DirectoryNetwork } from '../directory/network-port.ts'
import type { StoredLetter } from '../store/letters.ts'
import type { Store } from '../store/store.ts'
import type { Acquaintances } from './acquaintances.ts'
import type { Calling } from './call.ts'
import type { Connection } from './connection.ts'
import type { Contacts } from './contacts.ts'
import { createFiles } from './files.ts'
import type { Finder, Found } from './finder.ts'
import { createIntake } from './intake.ts'
import { createLetters } from './letters.ts'
import { createMailIntake } from './mail-intake.ts'
import { createMailRounds } from './mail-rounds.ts'
import { createMailer } from './mailer.ts'
import type { Notify } from './notice.ts'
import { createPost, type Post } from './post.ts'
import { createSenderCheck } from './sender.ts'
import { createVisits } from './visits.ts'

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
