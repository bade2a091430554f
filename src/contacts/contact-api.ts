import { encodeAddress } from '../core/address.ts'
import { equal, hex } from '../core/bytes.ts'
import { tooLarge } from '../core/errors/sizes.ts'
import { ContactError, KeyLogError } from '../core/errors.ts'
import { checkFloor, type Floor, raiseFloor } from '../core/floor.ts'
import { type Anchor, compareLogs, containsEntry, type KeyLog } from '../core/key-log.ts'
import { HEAD_DIGITS_MIN, NAME_LENGTH_MAX } from '../core/limits/store-limits.ts'
import { presentOf, seconds, type World } from '../core/world.ts'
import type { StoredBlock } from '../store/block-store.ts'
import type { StoredContact } from '../store/contact-store.ts'
import type { Fork } from '../store/fork-store.ts'
import type { Store } from '../store/store.ts'
import { type ContactLimits, type ContactVolumes, setLimits, volumesOf } from './contact-volumes.ts'
import { readPeerName } from './peer-name.ts'

/** Somebody whose address you gave, or whom you let in. */
export type Contact = {
  readonly address: string
  /** what you call it */
  readonly name: string | null
  readonly trust: 'pinned' | 'verified'
  /** the furthest log that was accepted; verified when it is looked at */
  readonly log: KeyLog
  /** when you verified it, seconds since 1970 */
  readonly verified: number | null
  /** when it was added, seconds since 1970 */
  readonly added: number
  /** two logs that contradict each other: nothing is sent before you have verified it anew */
  readonly fork: Fork | null
  /** you do not deal with it: see `Contacts.block` */
  readonly blocked: boolean
}

/** Somebody you do not deal with. */
export type Blocked = {
  readonly address: string
  /** what you call it, when it is a contact */
  readonly name: string | null
  /** when you blocked it, seconds since 1970 */
  readonly since: number
  /** what waits to be sent to it, and is kept */
  readonly messages: number
  readonly files: number
}

/**
 * Whom this peer knows. `addContact` makes a contact, as do `requests.accept` and whatever connects to somebody; none of this needs the network. A contact is
 * named by its name, its address, or a link; what looks like an address and is none is an AddressError.
 */
export type Contacts = {
  /** All of them, in the order they were met. */
  list(): readonly Contact[]
  /** null when nobody here is named so. */
  get(who: string): Contact | null
  /** @throws ContactError ERR_CONTACT */
  need(who: string): Contact
  /** @throws ContactError ERR_CONTACT, ERR_CONTACT_NAME */
  rename(who: string, name: string | null): Contact
  /**
   * Marks a contact as verified: you compared its safety number with its owner. When two logs of it contradict each other this ends
   * the block in favour of one of them: `head` says which, as its owner reads it to you (`handfast log`, or `identity.log`).
   * @param head the hash, in hex, of an entry of the owner's log that is not in the other one; its first 20 digits will do
   * @throws ContactError ERR_CONTACT; ERR_VERIFY when no log known here has that entry, or both have; KeyLogError ERR_LOG_FORK when there
   *   is a contradiction and no `head`
   */
  verify(who: string, head?: string): Contact
  /** How much of what a contact sent is kept and came today, and how much may. @throws ContactError ERR_CONTACT */
  volumes(who: string): ContactVolumes
  /**
   * Says how much a contact may send. Whoever waits goes on by itself within a minute, when that is more.
   * @throws ContactError ERR_CONTACT; ERR_CONTACT_LIMIT when one is no number of bytes
   */
  limit(who: string, limits: ContactLimits): ContactVolumes
  /** Forgets a contact; the rollback floor stays, and so does a block. Its files that were saved count no more. @throws ContactError ERR_CONTACT */
  remove(who: string): void
  /**
   * Deals with an identity no more, contact or not, whatever becomes of its keys: what is connected to it ends, it is not let in, nothing is sent
   * to it (`ERR_PEER_BLOCKED`), what waits for it is kept, and what it leaves in your mailboxes is deleted unread. It is not told.
   * @throws AddressError; ContactError ERR_CONTACT when nobody has that name; StoreError
   */
  block(who: string): Blocked
  /** Deals with it again: what waits goes on. @returns null when it was not blocked @throws as `block` */
  unblock(who: string): Blocked | null
  /** Whom you have blocked, in that order. */
  blocked(): readonly Blocked[]
}

const NAME = /^[^\p{C}\p{Z}]+(?: [^\p{C}\p{Z}]+)*$/u

/** @throws ContactError ERR_CONTACT_NAME */
export const checkName = (name: string): string => {
  const plain = name.normalize('NFC')
  if (plain.length > NAME_LENGTH_MAX)
    throw new ContactError('ERR_CONTACT_NAME', { hint: tooLarge(plain.length, NAME_LENGTH_MAX, 'characters') })
  // A name that looks like an address would be taken for one.
  if (!NAME.test(plain) || /^(hf1|handfast:)/i.test(plain))
    throw new ContactError('ERR_CONTACT_NAME', {
      hint: '1 to 64 visible characters that do not begin with hf1 or handfast:',
    })
  return plain
}

type BlockParts = { readonly need: (who: string) => StoredContact; readonly onBlocked: () => void }

const createBlocks = (
  { blocked, contacts }: Store,
  world: World,
  { need, onBlocked }: BlockParts,
): Pick<Contacts, 'block' | 'unblock' | 'blocked'> => {
  const idOf = (who: string): Uint8Array => {
    const named = readPeerName(who)
    return typeof named === 'string' ? need(named).id : named
  }
  const describe = ({ id, at }: StoredBlock): Blocked => ({
    address: encodeAddress(id),
    name: contacts.get(id)?.name ?? null,
    since: at,
    ...blocked.waiting(id),
  })
  const find = (id: Uint8Array): Blocked | null => {
    const known = blocked.all().find((one) => equal(one.id, id))
    return known === undefined ? null : describe(known)
  }
  return {
    block: (who) => {
      const id = idOf(who)
      blocked.add(id, seconds(world))
      onBlocked()
      return find(id) ?? describe({ id, at: seconds(world) })
    },
    unblock: (who) => {
      const id = idOf(who)
      const known = find(id)
      blocked.remove(id)
      onBlocked()
      return known
    },
    blocked: () => blocked.all().map(describe),
  }
}

/** @param onBlocked told when somebody was blocked, or is not any more */
export const createContacts = (store: Store, world: World, onBlocked = (): void => {}): Contacts => {
  const { contacts, floors, forks, volumes } = store

  const describe = (contact: StoredContact): Contact => {
    const { id, name, verified, added } = contact
    const trust = verified === null ? 'pinned' : 'verified'
    return {
      ...{
        address: encodeAddress(id),
        name,
        trust,
        verified,
        added,
        fork: forks.get(id),
        blocked: store.blocked.has(id),
      },
      get log() {
        return contact.log
      },
    }
  }
  const find = (who: string): StoredContact | null => {
    const named = readPeerName(who)
    return typeof named === 'string' ? contacts.named(named) : contacts.get(named)
  }
  const need = (who: string): StoredContact => {
    const contact = find(who)
    if (contact === null) throw new ContactError('ERR_CONTACT', { hint: who.slice(0, NAME_LENGTH_MAX) })
    return contact
  }

  /** The log that is confirmed, and its entry that was named. */
  const choose = ({ log }: StoredContact, fork: Fork | null, head: string | undefined): [KeyLog, Anchor] => {
    if (head === undefined) {
      if (fork !== null)
        throw new KeyLogError('ERR_LOG_FORK', { hint: 'which of the two logs? give the head of its log' })
      return [log, { seq: log.last.entry.seq, head: log.last.hash }]
    }
    const digits = head.replaceAll(' ', '').toLowerCase()
    if (digits.length < HEAD_DIGITS_MIN || !/^[0-9a-f]+$/.test(digits))
      throw new ContactError('ERR_VERIFY', { hint: `at least ${HEAD_DIGITS_MIN} hexadecimal digits are needed` })
    const known = fork === null ? [log] : [log, fork.a, fork.b].filter((one) => one.epoch === fork.a.epoch)
    const entries = known.flatMap(({ entries }) => entries)
    const named = entries.find(({ hash }) => hex(hash).startsWith(digits))
    if (named === undefined) throw new ContactError('ERR_VERIFY')
    const anchor = { seq: named.entry.seq, head: named.hash }
    const confirmed = known.filter((one) => containsEntry(one, anchor))
    const longest = confirmed.reduce((best, one) => (compareLogs(one, best) === 'longer' ? one : best))
    if (confirmed.some((one) => compareLogs(one, longest) === 'fork'))
      throw new ContactError('ERR_VERIFY', { hint: 'both logs have this entry: give a later one' })
    return [longest, anchor]
  }

  return {
    list: () => contacts.all().map(describe),
    get: (who) => {
      const contact = find(who)
      return contact === null ? null : describe(contact)
    },
    need: (who) => describe(need(who)),
    rename: (who, name) => {
      const { id } = need(who)
      contacts.rename(id, name === null ? null : checkName(name))
      return describe(need(encodeAddress(id)))
    },
    verify: (who, head) =>
      store.transaction(() => {
        const contact = need(who)
        const { id } = contact
        const fork = forks.get(id)
        const [log, anchor] = choose(contact, fork, head)
        const next = (floor: Floor | null): Floor => {
          // A person's word decides between equals; it does not bring back what was superseded.
          if (floor !== null && (fork === null || log.epoch < floor.epoch)) checkFloor(floor, log, null)
          const continued = floor !== null && containsEntry(log, floor) ? floor : null
          return raiseFloor(continued, log, null)
        }
        floors.update(id, next, true)
        contacts.keep(log, seconds(world))
        contacts.verify(id, anchor, seconds(world))
        forks.forget(id)
        return describe(need(encodeAddress(id)))
      }),
    volumes: (who) => volumesOf(volumes, need(who).id, presentOf(world)),
    limit: (who, limits) => store.transaction(() => setLimits({ volumes, world }, need(who).id, limits)),
    remove: (who) =>
      store.transaction(() => {
        const { id } = need(who)
        contacts.remove(id)
        // What was saved of a contact takes no room of those who are none: it is the owner's to keep or to delete.
        volumes.clearFiles(id)
      }),
    ...createBlocks(store, world, { need, onBlocked }),
  }
}
