import type { Connection } from '../connection/connection.ts'
import type { Dialer } from '../connection/dial.ts'
import type { Contacts } from '../contacts/contact-api.ts'
import type { Found, Resolver } from '../contacts/resolver.ts'
import { createSenderCheck } from '../contacts/sender-check.ts'
import type { TrustStore } from '../contacts/trust-store.ts'
import { equal } from '../core/bytes.ts'
import { DirectoryError } from '../core/errors.ts'
import type { Identity } from '../core/identity.ts'
import { LOOKUP_MS, VET_MS } from '../core/limits/connection-limits.ts'
import type { Directory } from '../directory/client/directory.ts'
import type { Inbox } from '../messages/inbox.ts'
import { createMailboxClient, type MailboxClient } from '../messages/mailbox-client.ts'
import { createMailboxPoller, type MailboxPoller } from '../messages/mailbox-poller.ts'
import { createMailboxReceiver } from '../messages/mailbox-receiver.ts'
import { createMailboxSender, type MailboxSender } from '../messages/mailbox-sender.ts'
import type { MessageEvent } from '../messages/message-events.ts'
import { namedMailboxes } from '../messages/named-mailboxes.ts'
import { createParcelling } from '../messages/parcelling.ts'
import type { Repair } from '../messages/repair.ts'
import type { Signals } from '../messages/signals.ts'
import type { StoredMessage } from '../store/message-rows.ts'
import type { Store } from '../store/store.ts'
import type { Steps } from './steps.ts'
import type { WaitingRoom } from './waiting-room.ts'

/** The parts that send and receive by way of mailboxes, put together. */

export type ByMailboxParts = Dialer & {
  readonly identity: Identity
  readonly directory: Directory
  readonly store: Store
  readonly contacts: Contacts
  readonly resolver: Resolver
  readonly trustStore: TrustStore
  readonly steps: Steps
  readonly inbox: Inbox
  readonly repair: Repair
  readonly signals: Signals
  readonly isContact: (peer: Uint8Array) => boolean
  readonly waitingRoom: Pick<WaitingRoom, 'admit' | 'hasWritten'>
  readonly onMessages: (changed: readonly StoredMessage[]) => void
  readonly note: (changed: readonly StoredMessage[]) => void
  readonly isGreeted: (peer: Uint8Array) => boolean
  readonly onOld: (peer: Uint8Array) => void
  readonly emit: (event: MessageEvent) => void
  /** Resolves when something may be left and fetched. @throws StoreError ERR_STORE_TWIN */
  readonly beforeMail: () => Promise<void>
  /** aborted when the peer closes */
  readonly closing: AbortSignal
  /** Makes a connection end with the peer. */
  adopt(connection: Connection): void
}

export const createByMailbox = (
  parts: ByMailboxParts,
): { readonly sender: MailboxSender; readonly poller: MailboxPoller } => {
  const { identity, directory, store, world, trustStore, resolver, steps, repair, waitingRoom, beforeMail } = parts
  /** Who only left something gets a receipt, in mailboxes that it names itself. */
  const findFor = (id: Uint8Array, isOurs: boolean, signal: AbortSignal | undefined): Promise<Found> =>
    (isOurs || store.contacts.has(id) ? steps.find : steps.findOther)(id, signal)
  const visits = createMailboxClient({
    ...parts,
    find: (id, signal) =>
      findFor(
        id,
        namedMailboxes(store).some((named) => equal(named, id)),
        signal,
      ),
    checkGoing: steps.checkGoing,
  })
  const mailboxClient: MailboxClient = {
    ...visits,
    fetchAll: async function* (options) {
      // What waits can be fetched without being found oneself: nodes may refuse a card for a while, as after a clock was set back.
      await beforeMail().catch((error: unknown) => {
        if (!(error instanceof DirectoryError)) throw error
      })
      yield* visits.fetchAll(options)
    },
  }
  /** Whom something is brought that was written is a contact from then on, as who is called for that. */
  const find = async (id: Uint8Array, signal: AbortSignal): Promise<Found> => {
    const hasWritten = waitingRoom.hasWritten(id)
    const found = await findFor(id, hasWritten, signal)
    if (hasWritten) waitingRoom.admit(found.log)
    return found
  }
  const bringing = createMailboxSender({
    ...{ ...parts, mailboxClient, find, parcelling: createParcelling({ identity, store, world, repair }) },
    fetchKem: (found, signal) => directory.fetchKem(found, steps.deadline(signal, LOOKUP_MS)),
  })
  const sender: MailboxSender = {
    ...bringing,
    send: async (peer, signal) => {
      // Nothing is looked for when there is nothing to bring.
      if (bringing.isWaiting(peer)) await beforeMail()
      return bringing.send(peer, signal)
    },
  }
  const check = createSenderCheck(resolver, trustStore, (id) => store.contacts.get(id)?.log ?? null)
  const receiver = createMailboxReceiver({
    ...parts,
    check: (log, signal) => check(log, steps.deadline(signal, VET_MS)),
    accept: (log) => trustStore.accept(log, null, false),
  })
  const poller = createMailboxPoller({ ...parts, own: identity.log.id, mailboxClient, receiver })
  return { sender, poller }
}
