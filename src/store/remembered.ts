import { equal } from '../core/bytes.ts'
import { type Floor, higherFloor, raiseFloor } from '../core/floor.ts'
import { type Anchor, compareLogs, containsEntry, type KeyLog } from '../core/key-log.ts'
import { NAME_LENGTH_MAX } from '../core/limits/store-limits.ts'
import type { StoredBlock } from './block-store.ts'
import type { StoredContact } from './contact-store.ts'
import type { StoredFloor } from './floor-store.ts'
import type { Fork, StoredFork } from './fork-store.ts'
import { SETTING_NAMES, type SettingName } from './settings.ts'
import type { Store } from './store.ts'

/** All that a store remembers, as one value; and how it becomes one with what another store remembers (docs/spec/store.md §5). */
export type Remembered = {
  /** in the order of their arrival */
  readonly floors: readonly StoredFloor[]
  readonly forks: readonly StoredFork[]
  readonly contacts: readonly StoredContact[]
  readonly blocked: readonly StoredBlock[]
  readonly settings: Readonly<Record<SettingName, string | null>>
}

/** What a store remembers at one moment. */
export const remember = (store: Store): Remembered =>
  store.transaction(() => ({
    floors: store.floors.all(),
    forks: store.forks.all(),
    contacts: store.contacts.all(),
    blocked: store.blocked.all(),
    settings: {
      network: store.settings.get('network'),
      mailboxes: store.settings.get('mailboxes'),
      relay: store.settings.get('relay'),
    },
  }))

/** The log that goes on from the floor, else the further one. */
const furtherLog = (a: KeyLog, b: KeyLog, floor: Floor | null): KeyLog => {
  const [first, second] = [raiseFloor(null, a, null), raiseFloor(null, b, null)]
  if (floor !== null && containsEntry(a, floor) !== containsEntry(b, floor)) return containsEntry(a, floor) ? a : b
  return higherFloor(first, second) === first ? a : b
}

/**
 * One contact of two memories. A person's word is kept, the latest when there are two; of names that of `known`.
 * @param floor the higher one of both
 */
export const mergeContacts = (known: StoredContact, other: StoredContact, floor: Floor | null): StoredContact => {
  const { anchor, verified } = (other.verified ?? -1) > (known.verified ?? -1) ? other : known
  return {
    id: known.id,
    name: known.name ?? other.name,
    log: furtherLog(known.log, other.log, floor),
    anchor,
    verified,
    added: Math.min(known.added, other.added),
    published: Math.max(known.published, other.published),
  }
}

/** A name that nobody else has: the same with a number when it is taken, cut where it would be too long. */
export const freeName = (wanted: string, isTaken: (name: string) => boolean): string => {
  let name = wanted
  for (let number = 2; isTaken(name); number++) {
    const suffix = ` ${number}`
    // Not between the two halves of one character.
    const cut = wanted.slice(0, NAME_LENGTH_MAX - suffix.length).replace(/[\ud800-\udbff]$/, '')
    name = `${cut.trimEnd()}${suffix}`
  }
  return name
}

/** Whether a contradiction is over: its owner has rotated, or a person's word, the log and the floor agree on one branch. */
const isOver = ({ a, b }: Fork, floor: Floor | null, contact: StoredContact | null): boolean => {
  if (floor === null) return false
  if (floor.epoch > a.epoch) return true
  if (contact === null || contact.anchor === null) return false
  const { anchor, log } = contact
  const parts = (entry: Anchor): boolean => containsEntry(a, entry) !== containsEntry(b, entry)
  return parts(anchor) && containsEntry(log, anchor) && containsEntry(log, floor)
}

/** @returns the two logs, when they contradict each other */
const mergeContact = ({ contacts, floors }: Store, other: StoredContact, now: number): readonly StoredFork[] => {
  const { id } = other
  const known = contacts.get(id)
  const merged = known === null ? other : mergeContacts(known, other, floors.get(id))
  const isTaken = (name: string): boolean => !equal(contacts.named(name)?.id ?? id, id)
  const name = merged.name === null ? null : freeName(merged.name, isTaken)
  contacts.restore({ ...merged, name })
  if (known === null || compareLogs(known.log, other.log) !== 'fork') return []
  return [{ a: known.log, b: other.log, found: now }]
}

const mergeForks = ({ floors, contacts, forks }: Store, others: readonly StoredFork[]): void => {
  const isDecided = (fork: Fork): boolean => isOver(fork, floors.get(fork.a.id), contacts.get(fork.a.id))
  for (const known of forks.all()) if (isDecided(known)) forks.forget(known.a.id)
  for (const { a, b, found } of others)
    if (forks.get(a.id) === null && !isDecided({ a, b })) forks.keep({ a, b }, found)
}

/**
 * Puts what was remembered elsewhere into a store that may remember something itself, all of it or nothing; the store is another one then. No floor is lowered, no
 * contradiction is forgotten that nobody has decided, and no word of a person is lost; of two names or settings those of the store stay.
 * @param now seconds since 1970
 * @throws StoreError
 */
export const mergeInto = (
  store: Store,
  { floors, forks, contacts, blocked, settings }: Remembered,
  now: number,
): void =>
  store.transaction(() => {
    store.self.forget()
    store.floors.restore(floors)
    const contradictions = contacts.flatMap((contact) => mergeContact(store, contact, now))
    mergeForks(store, [...forks, ...contradictions])
    for (const { id, at } of blocked) store.blocked.add(id, at)
    for (const name of SETTING_NAMES) {
      const value = settings[name]
      if (value !== null && store.settings.get(name) === null) store.settings.set(name, value)
    }
  })
