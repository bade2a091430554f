import { createPublisher } from '../../src/contacts/publisher.ts'
import { hex, utf8 } from '../../src/core/bytes.ts'
import { type FetchClaim, signFetch } from '../../src/core/fetch-proof.ts'
import type { Identity } from '../../src/core/identity.ts'
import { hmac, secretKey, sha256 } from '../../src/core/kdf.ts'
import type { KeyLog } from '../../src/core/key-log.ts'
import { sealParcel } from '../../src/core/parcel.ts'
import { timesOf } from '../../src/core/steady-clock.ts'
import { type Publication, publish } from '../../src/directory/client/publish.ts'
import { createAdmission } from '../../src/mailbox/admission.ts'
import { createGuestVisit, type GuestVisit, type Step } from '../../src/mailbox/guest-visit.ts'
import {
  encodeMailboxRequest,
  type MailboxAnswer,
  type MailboxRequest,
  partsOf,
} from '../../src/mailbox/mailbox-format.ts'
import { type MailboxStore, openMailboxStore } from '../../src/mailbox/mailbox-store.ts'
import { openStore } from '../../src/store/store.ts'
import { identityOf, makeWorld } from '../connection/sides.ts'
import { envelopesOf, makeBytes } from '../core/identities.ts'
import { seededRandom } from '../core/test-bytes.ts'
import { createMemoryNetwork, type MemoryNetwork } from '../directory/memory-network.ts'

/** A mailbox without connections: a directory in memory, a store in memory, and visits that are asked message by message. */

export const carol = identityOf('carol')

/** The identity of the mailbox. */
export const mailbox = carol.log.id

export const sourceOf = (network: string): Uint8Array => hmac(secretKey(new Uint8Array(32).fill(1)), utf8(network))

export type Office = {
  readonly directory: MemoryNetwork
  readonly store: MailboxStore
  readonly world: { now: number }
  /** Whom the owner has blocked. */
  readonly blocked: Set<string>
  /** Publishes a log with a card that names these mailboxes. */
  announce(identity: Identity, mailboxes?: readonly Uint8Array[]): Promise<Publication>
  /** Publishes a log alone. */
  publish(log: KeyLog): Promise<Publication>
  visit(changed?: { readonly channel?: Uint8Array; readonly source?: Uint8Array }): GuestVisit
  /** Time goes by, for everyone. */
  pass(seconds: number): void
}

export const createOffice = (store: MailboxStore = openMailboxStore(null)): Office => {
  const directory = createMemoryNetwork(3)
  const world = makeWorld('office')
  const blocked = new Set<string>()
  const now = (): number => world.now
  const admission = createAdmission({ mailbox, directory: directory.directory, store, now })
  return {
    directory,
    store,
    world,
    blocked,
    announce: (identity, mailboxes = [mailbox]) => {
      const prekeys = { keep: () => {} }
      const { self } = openStore(null)
      const parts = { identity, directory: directory.directory, transport: makeBytes('transport', 32), prekeys, world }
      const clockWatch = { hold: () => {} }
      const all = { ...parts, self, clockWatch, mailboxes: () => mailboxes }
      return createPublisher(all).publish(() => AbortSignal.timeout(60_000))
    },
    publish: (log) => publish(directory.network, { log }, AbortSignal.timeout(60_000)),
    visit: ({ channel = makeBytes('channel', 64), source = sourceOf('192.0.2') } = {}) =>
      createGuestVisit({
        mailbox,
        channel,
        source,
        store,
        admission,
        isBlocked: (id) => blocked.has(hex(id)),
        times: () => timesOf(undefined, now()),
        random: world.random,
      }),
    pass: (seconds) => {
      world.now += seconds
      directory.now = world.now
    },
  }
}

export const ask = (visit: GuestVisit, request: MailboxRequest): Promise<Step> =>
  visit.step(encodeMailboxRequest(request), AbortSignal.timeout(60_000))

const describe = (answer: MailboxAnswer): string => (answer.t === 'refused' ? answer.code : answer.t)

/** What is answered, in short: its type, or the code of a refusal. */
export const answerTo = async (visit: GuestVisit, request: MailboxRequest): Promise<string> => {
  const { answers } = await ask(visit, request)
  return answers.map(describe).join(' ')
}

/** A parcel for somebody, another one for each name. */
export const parcelFor = ({ ik }: Identity, name: string, size = 10): Uint8Array =>
  sealParcel(makeBytes(name, size), ik.publicKey, seededRandom(`parcel/${name}`))

/** Deposits a parcel: how it ended. */
export const leave = async (visit: GuestVisit, { log }: Pick<Identity, 'log'>, parcel: Uint8Array): Promise<string> => {
  const begun = await answerTo(visit, { t: 'deposit', to: log.id, id: sha256(parcel), size: parcel.length })
  if (begun !== 'ready') return begun
  const said: string[] = []
  for (const part of partsOf(parcel)) said.push(await answerTo(visit, part))
  return said.join('')
}

export const drawChallenge = async (visit: GuestVisit): Promise<Uint8Array> => {
  const { answers } = await ask(visit, { t: 'challenge' })
  const [answer] = answers
  if (answer?.t !== 'challenge') throw new Error('no challenge')
  return answer.d
}

type Proving = Partial<FetchClaim> & { readonly device?: number; readonly log?: KeyLog }

/** Proves to be `identity`, or tries to; the claim can be another one than it should be. */
export const prove = async (visit: GuestVisit, identity: Identity, changed: Proving = {}): Promise<string> => {
  const challenge = await drawChallenge(visit)
  const { device = identity.device, log = identity.log, ...claimed } = changed
  await ask(visit, { t: 'log', d: envelopesOf(log) })
  const claim = { challenge, channel: makeBytes('channel', 64), mailbox, recipient: log.id, ...claimed }
  return answerTo(visit, { t: 'prove', id: log.id, device, proof: signFetch(claim, identity.sign) })
}

/** Hashes of the parcels that are handed out, in order. */
export const fetchIds = async (visit: GuestVisit): Promise<readonly Uint8Array[]> => {
  const ids: Uint8Array[] = []
  for (;;) {
    const { answers } = await ask(visit, { t: 'next' })
    const [first] = answers
    if (first?.t !== 'parcel') return ids
    ids.push(first.id)
  }
}
