/**
 * The truth of a run: whose keys are which since when. Nobody who is observed writes here; what a node keeps or a lookup returns is held
 * against it.
 */

import { type SignedCard, signCard } from '../src/core/card.ts'
import { type Ed25519PrivateKey, importEd25519 } from '../src/core/ed25519.ts'
import { epochKeys } from '../src/core/epoch-keys.ts'
import { sha256 } from '../src/core/kdf.ts'
import { generateKem, kemHalves } from '../src/core/kem.ts'
import { createLog, type KeyLog, rotateLog, updateLog } from '../src/core/key-log.ts'
import type { MutableValue } from '../src/core/mutable-value.ts'
import { generatePrivateKey, type P256PrivateKey } from '../src/core/p256.ts'
import { signSlotCard, signSlotMoved } from '../src/core/slot.ts'
import type { Random } from './world/random.ts'

/** What a person published at one time. */
export type Statement = {
  readonly log: KeyLog
  readonly card: SignedCard
  readonly kem: Uint8Array
  /** the card in the slot of its epoch, and what closes the one before: for nodes that know no cards */
  readonly slot: MutableValue
  readonly closed: readonly MutableValue[]
}

export type Person = {
  readonly name: string
  /** 32-byte hash that the address encodes */
  readonly id: Uint8Array
  /** everything ever signed, the newest last */
  readonly statements: Statement[]
  /** the log that was the newest when it had last been published, and so may be expected of a lookup */
  published: KeyLog | null
}

export type Truth = {
  readonly people: readonly Person[]
  /** A new identity with a first statement. @param now milliseconds */
  create(name: string, now: number): Person
  /** The person replaces the device's keys: what it said before is superseded. With `rotate` the root key as well. */
  supersede(person: Person, now: number, options?: { readonly rotate?: boolean }): Statement
  /** A fresh card for the same keys. */
  renewCard(person: Person, now: number): Statement
  /** The keys of a person's slots, by epoch: what a thief of a device has is the present one. */
  slotKeys(person: Person): readonly Ed25519PrivateKey[]
  /** Takes in items that others signed: a throw-away identity is properly signed. */
  register(...items: readonly Uint8Array[]): void
  /** Whether somebody really signed (or, for a key half, committed to) exactly these bytes. */
  isGenuine(item: Uint8Array): boolean
}

type Keys = {
  readonly root: P256PrivateKey
  readonly spare: P256PrivateKey
  /** of the first epoch and of the second */
  readonly slots: readonly [Ed25519PrivateKey, Ed25519PrivateKey]
  readonly sign: P256PrivateKey
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

export const newest = ({ statements }: Person): Statement => {
  const last = statements.at(-1)
  if (last === undefined) throw new Error('a person has signed something')
  return last
}

export const createTruth = (random: Random): Truth => {
  const people: Person[] = []
  const keys = new Map<Person, Keys>()
  const genuine = new Set<string>()
  const newKey = (): P256PrivateKey => generatePrivateKey((size) => random.bytes(size))
  const newDevice = () => {
    const [sign, ik] = [newKey(), newKey()]
    return { sign, devices: [{ sign: sign.publicKey, dh: ik.publicKey }] }
  }

  const keysOf = (person: Person): Keys => {
    const found = keys.get(person)
    if (found === undefined) throw new Error('this person was made elsewhere')
    return found
  }

  const register: Truth['register'] = (...items) => {
    for (const item of items) genuine.add(hex(sha256(item)))
  }

  const state = (person: Person, log: KeyLog, now: number): Statement => {
    const kem = generateKem((size) => random.bytes(size)).publicKey
    const serial = Math.floor(now)
    const transport = random.bytes(32)
    const inc = random.bytes(16)
    const { sign, slots } = keysOf(person)
    const card = signCard(log, sign, { device: 0, now: serial, inc, spk: newKey().publicKey, kem, transport })
    register(...log.entries.map(({ envelope }) => envelope), card.envelope, ...kemHalves(kem))
    const slot = signSlotCard(slots[log.epoch === 0 ? 0 : 1], card)
    const closed = log.epoch === 0 ? [] : [signSlotMoved(slots[0], log.last.hash)]
    const statement = { log, card, kem, slot, closed }
    person.statements.push(statement)
    return statement
  }

  return {
    people,
    create: (name, now) => {
      const [root, spare] = [newKey(), newKey()]
      const slots = [importEd25519(random.bytes(32)), importEd25519(random.bytes(32))] as const
      const { sign, devices } = newDevice()
      const log = createLog(
        root,
        epochKeys(slots[0].publicKey, [{ root: spare.publicKey, slot: slots[1].publicKey }]),
        {
          devices,
          time: Math.floor(now / 1000),
        },
      )
      const person: Person = { name, id: log.id, statements: [], published: null }
      keys.set(person, { root, spare, slots, sign })
      state(person, log, now)
      people.push(person)
      return person
    },
    supersede: (person, now, { rotate = false } = {}) => {
      const held = keysOf(person)
      const { sign, devices } = newDevice()
      const content = { devices, time: Math.floor(now / 1000) }
      const { log } = newest(person)
      const next = rotate
        ? rotateLog(log, held.spare, epochKeys(held.slots[1].publicKey, []), content)
        : updateLog(log, held.root, content)
      keys.set(person, { ...held, sign, root: rotate ? held.spare : held.root })
      return state(person, next, now)
    },
    renewCard: (person, now) => state(person, newest(person).log, now),
    slotKeys: (person) => keysOf(person).slots,
    register,
    isGenuine: (item) => genuine.has(hex(sha256(item))),
  }
}
