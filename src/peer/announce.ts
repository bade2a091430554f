import { signCard } from '../core/card.ts'
import type { Identity } from '../core/identity.ts'
import { generateKem } from '../core/kem.ts'
import { compareLogs } from '../core/key-log.ts'
import { generatePrivateKey } from '../core/p256.ts'
import { lookup } from '../directory/lookup.ts'
import type { DirectoryNetwork } from '../directory/network-port.ts'
import { type Publication, publish } from '../directory/publish.ts'
import type { PrekeyStore } from '../store/prekeys.ts'
import { seconds, type World } from './ports.ts'
import { supersededBy } from './rotation.ts'

/** How a peer says where it is: a card with fresh prekeys, published with its log. */

export type Announcing = {
  readonly identity: Identity
  readonly directory: DirectoryNetwork
  /** transport public key, 32 bytes */
  readonly transport: Uint8Array
  /** keeps the private halves of prekeys for those who write while we are away */
  readonly prekeys: Pick<PrekeyStore, 'keep'>
  readonly world: World
  /** identity hashes of the mailboxes to name, asked for at each card; default: none */
  readonly mailboxes?: () => readonly Uint8Array[]
}

/** @returns announces once each time it is called: `deadline` gives the signal for each of its steps */
export const createAnnouncer = ({
  identity,
  directory,
  transport,
  prekeys,
  world,
  mailboxes = () => [],
}: Announcing) => {
  const { log, sign, device } = identity
  let serial = 0

  /** Nodes keep cards of the log that stands: one that refuses ours may know why. */
  const checkStanding = async (signal: AbortSignal): Promise<void> => {
    const found = await lookup(directory, log.id, { now: seconds(world), signal }).catch(() => null)
    if (found === null) return
    const relation = compareLogs(log, found.log)
    if (relation !== 'same' && relation !== 'longer' && relation !== 'supersedes') throw supersededBy(log, found.log)
  }

  /** A retired identity has no card: its log is all there is to say. */
  const issueCard = () => {
    if (log.last.entry.status === 'retired') return undefined
    serial = Math.max(serial + 1, world.clock())
    const kem = generateKem(world.random)
    const spk = generatePrivateKey(world.random)
    const named = mailboxes()
    const keys = { spk: spk.publicKey, kem: kem.publicKey }
    const signed = signCard(log, sign, { device, now: serial, ...keys, transport, mailboxes: named })
    // Without a mailbox nothing that was made with them can come.
    if (named.length > 0)
      prekeys.keep(signed.hash, { envelope: signed.envelope, seq: signed.card.seq, spk, kem }, signed.card.from)
    return { signed, kem: kem.publicKey }
  }

  return async (deadline: () => AbortSignal): Promise<Publication> => {
    const publication = await publish(directory, { log, card: issueCard() }, deadline()).catch(
      async (error: unknown) => {
        await checkStanding(deadline())
        throw error
      },
    )
    if (publication.refusals.has('ERR_CARD_HEAD')) await checkStanding(deadline())
    return publication
  }
}
