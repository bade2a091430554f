import { signCard } from '../core/card.ts'
import { HandfastError } from '../core/errors.ts'
import type { Identity } from '../core/identity.ts'
import { generateKem } from '../core/kem.ts'
import { compareLogs } from '../core/key-log.ts'
import { generatePrivateKey } from '../core/p256.ts'
import { closedSlots, signSlotCard } from '../core/slot.ts'
import { supersededBy } from '../core/superseded.ts'
import { seconds, timesIn, type World } from '../core/world.ts'
import type { Directory } from '../directory/client/directory.ts'
import { createTimes } from '../directory/client/heard-times.ts'
import type { CardRecord, Publication, Records } from '../directory/client/publish.ts'
import type { PrekeyStore } from '../store/prekey-store.ts'
import type { SelfStore } from '../store/self-store.ts'
import type { ClockWatch } from './clock-watch.ts'

/** How a peer says where it is: a card with fresh prekeys, published with its log. */

export type PublisherParts = {
  readonly identity: Identity
  readonly directory: Directory
  /** transport public key, 32 bytes */
  readonly transport: Uint8Array
  /** keeps the private halves of prekeys for those who write while we are away */
  readonly prekeys: Pick<PrekeyStore, 'keep'>
  /** says which incarnation cards name, and keeps their serials */
  readonly self: Pick<SelfStore, 'state' | 'issue'>
  readonly world: World
  /** asked before a card is signed */
  readonly clockWatch: Pick<ClockWatch, 'hold'>
  /** identity hashes of the mailboxes to name, asked for at each card; default: none */
  readonly mailboxes?: () => readonly Uint8Array[]
  /** transport keys of the relays to name, asked for at each card; default: none */
  readonly relays?: () => readonly Uint8Array[]
}

export type Publisher = {
  /**
   * Publishes log and a new card; `deadline` gives the signal for each of its steps.
   * @throws those of `Directory.publish`; DirectoryError ERR_CLOCK before a card is signed; PeerError ERR_PEER_SUPERSEDED
   */
  publish(deadline: () => AbortSignal): Promise<Publication>
  /** What was announced last; the log alone before that. */
  records(): Records
}

export const createPublisher = ({
  identity,
  directory,
  transport,
  prekeys,
  self,
  world,
  clockWatch,
  mailboxes = () => [],
  relays = () => [],
}: PublisherParts): Publisher => {
  const { log, sign, ik, device, slotKey } = identity
  const closed = closedSlots(log, identity.closings)
  let latest: Records = { log, closed }

  /** Nodes keep cards of the log that stands: one that refuses ours may know why. */
  const checkStanding = async (signal: AbortSignal): Promise<void> => {
    const found = await directory.lookup(log.id, { now: seconds(world), signal, known: log }).catch(() => null)
    if (found === null) return
    const relation = compareLogs(log, found.log)
    if (relation !== 'same' && relation !== 'longer' && relation !== 'supersedes') throw supersededBy(log, found.log)
  }

  const issueCard = (): CardRecord => {
    // On disk before the card leaves: what the directory has, this store knows of, unless it went back.
    const serial = self.issue(world.clock())
    const { inc } = self.state()
    const kem = generateKem(world.random)
    const spk = generatePrivateKey(world.random)
    const named = mailboxes()
    const keys = { spk: spk.publicKey, kem: kem.publicKey }
    const signed = signCard(log, sign, {
      device,
      now: serial,
      inc,
      ...keys,
      transport,
      mailboxes: named,
      relays: relays(),
    })
    const slot = slotKey === null ? undefined : signSlotCard(slotKey, signed)
    // Without a mailbox nothing that was made with them can come.
    if (named.length > 0)
      prekeys.keep(
        signed.hash,
        { envelope: signed.envelope, seq: signed.card.seq, spk, kem },
        ...[timesIn(world).present, ik.publicKey],
      )
    return { signed, kem: kem.publicKey, slot }
  }

  const publishOwn: Publisher['publish'] = async (deadline) => {
    const times = createTimes(world)
    let card: CardRecord | undefined
    /** Signed by a clock that is ahead it would stand over every later one, and nodes refuse it. */
    const timelyCard = (): CardRecord => {
      clockWatch.hold(times.reading())
      card = issueCard()
      return card
    }
    // A retired identity has no card: its log is all there is to say.
    const records = log.last.entry.status === 'retired' ? { log, closed } : { log, closed, card: timelyCard }
    const publication = await directory
      .publish(records, { signal: deadline(), times })
      .catch(async (error: unknown) => {
        if (!(error instanceof HandfastError && error.code === 'ERR_CLOCK')) await checkStanding(deadline())
        throw error
      })
    latest = { log, closed, card }
    if (publication.refusals.has('ERR_CARD_HEAD')) await checkStanding(deadline())
    return publication
  }

  return { publish: publishOwn, records: () => latest }
}
