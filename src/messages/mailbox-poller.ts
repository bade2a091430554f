import type { Contacts } from '../contacts/contact-api.ts'
import { encodeAddress } from '../core/address.ts'
import { PeerError } from '../core/errors.ts'
import { MAILBOX_FETCH_MS, PLACES_AGE } from '../core/limits/message-limits.ts'
import { MAILBOXES_MAX } from '../core/limits/protocol-limits.ts'
import { seconds, timesIn, type World } from '../core/world.ts'
import type { Store } from '../store/store.ts'
import type { MailboxClient } from './mailbox-client.ts'
import type { MailboxReceiver } from './mailbox-receiver.ts'
import type { MessageEvent } from './message-events.ts'
import { namedMailboxes, nameMailboxes } from './named-mailboxes.ts'
import type { Signals } from './signals.ts'

/** Mailboxes: where messages wait for somebody who is away. */
export type Mailboxes = {
  /** Addresses of our own mailboxes, which our card names. */
  named(): readonly string[]
  /**
   * Names these and no others, from the next publication on: names of contacts, addresses, or links.
   * @throws AddressError; ContactError ERR_CONTACT; MailboxError ERR_MAILBOX_COUNT above three; PeerError ERR_PEER_SELF, ERR_PEER_BLOCKED
   */
  name(whos: readonly string[]): void
  /**
   * Takes in what our mailboxes keep for us; a peer that listens does so by itself, at once and then every few minutes. Our log and card have
   * to be published, since a mailbox asks the directory who we are.
   * @throws StoreError, the signal's reason; PeerError ERR_PEER_CLOSED
   */
  fetch(options?: { readonly signal?: AbortSignal | undefined }): Promise<Fetched>
}

/** What one round to our mailboxes brought. */
export type Fetched = {
  /** envelopes that were taken in: each holds messages, or receipts for ours */
  readonly taken: number
  /** envelopes that wait where they are: for a message before them, for the application, or for a decision about a fork */
  readonly left: number
  /** envelopes of those who send more than is let in at a time: they wait where they are */
  readonly held: number
  /** mailboxes that failed, and with what */
  readonly failures: readonly { readonly mailbox: string; readonly error: unknown }[]
}

export type MailboxPoller = {
  readonly api: Mailboxes
  /** Fetches now, and then again and again. */
  start(): void
  stop(): void
}

export type MailboxPollerParts = {
  readonly own: Uint8Array
  readonly store: Store
  readonly contacts: Contacts
  readonly world: World
  readonly mailboxClient: Pick<MailboxClient, 'fetchAll'>
  readonly receiver: MailboxReceiver
  readonly signals: Pick<Signals, 'say'>
  readonly emit: (event: MessageEvent) => void
  /** aborted when the peer closes */
  readonly closing: AbortSignal
}

export const createMailboxPoller = (parts: MailboxPollerParts): MailboxPoller => {
  const { own, store, contacts, world, mailboxClient, receiver, signals, emit, closing } = parts
  const failing = new Set<string>()
  /** the last one that was asked for; it never rejects */
  let round: Promise<unknown> | undefined
  let timer: NodeJS.Timeout | undefined

  /** A mailbox that goes on failing is no news. */
  const report = (failures: Fetched['failures']): void => {
    for (const mailbox of [...failing]) if (failures.every((one) => one.mailbox !== mailbox)) failing.delete(mailbox)
    for (const { mailbox, error } of failures) {
      if (failing.has(mailbox)) continue
      failing.add(mailbox)
      emit({ type: 'mailbox-failed', address: mailbox, error })
    }
  }

  /** Receipts that are due by now. */
  const remind = (): void => {
    for (const peer of store.mailboxOutbox.waiting(seconds(world))) signals.say('queued', peer)
  }

  const pass = async (signal: AbortSignal): Promise<Fetched> => {
    const failures: { mailbox: string; error: unknown }[] = []
    const count = { taken: 0, left: 0, held: 0 }
    const onFailure = (mailbox: string, error: unknown): void => void failures.push({ mailbox, error })
    for await (const { envelope, acknowledge, discard } of mailboxClient.fetchAll({ signal, onFailure })) {
      const fate = await receiver.take(envelope, signal)
      if (fate !== 'void') count[fate] += 1
      // What is not deleted there comes again, and is known then.
      const remove = fate === 'taken' ? acknowledge : fate === 'void' ? discard : async () => {}
      await remove().catch(() => signal.throwIfAborted())
    }
    return { ...count, failures }
  }

  const go = async (signal: AbortSignal): Promise<Fetched> => {
    receiver.begin()
    let last = await pass(signal)
    let { taken } = last
    // What one mailbox has lost may have come from the next one, and was what the rest waited for.
    for (let passes = 1; last.left > 0 && last.taken > 0 && passes <= MAILBOXES_MAX; passes++) {
      last = await pass(signal)
      taken += last.taken
    }
    // What is missing in an emptied mailbox does not come by itself.
    if (last.failures.length === 0 && last.left > 0) receiver.askForMissing()
    report(last.failures)
    // A receipt can be what more messages waited for.
    for (const peer of store.messages.waiting()) signals.say('queued', peer)
    remind()
    return { ...last, taken }
  }

  const fetch: Mailboxes['fetch'] = async ({ signal } = {}) => {
    if (closing.aborted) throw new PeerError('ERR_PEER_CLOSED')
    const ending = signal === undefined ? closing : AbortSignal.any([closing, signal])
    // Who asks while a round is under way may ask for what came after it passed.
    const mine = (round ?? Promise.resolve()).then(() => go(ending))
    round = mine.catch(() => {})
    return mine
  }

  const schedule = (): void => {
    if (closing.aborted) return
    const [byte = 0] = world.random(1)
    timer = setTimeout(again, MAILBOX_FETCH_MS * (1 + byte / 510)).unref()
  }
  const again = (): void => {
    store.messages.forgetPlaces(timesIn(world).past - PLACES_AGE)
    const done = store.settings.get('mailboxes') ? fetch() : Promise.resolve().then(remind)
    void done
      .catch((error: unknown) => {
        if (closing.aborted) return
        emit({ type: 'mailbox-failed', address: encodeAddress(own), error })
      })
      .finally(schedule)
  }

  return {
    api: {
      named: () => namedMailboxes(store).map(encodeAddress),
      name: (whos) => nameMailboxes(store, contacts, own, whos),
      fetch,
    },
    start: again,
    stop: () => clearTimeout(timer),
  }
}
