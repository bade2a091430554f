import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CborValue, decodeCbor, encodeCbor } from '../../src/core/cbor.ts'
import { HandfastError } from '../../src/core/errors.ts'
import { BACKUP_CONTACTS_MAX, BACKUP_FLOORS_MAX, BACKUP_FORKS_MAX } from '../../src/core/limits/store-limits.ts'
import { type BackupContent, decodeContent, encodeContent } from '../../src/store/backup-content.ts'
import type { Remembered } from '../../src/store/remembered.ts'
import { at, envelopesOf, flip, makeBytes, NOW } from '../core/identities.ts'
import { allRuns, places } from '../runs.ts'
import {
  bob,
  carol,
  contactOf,
  content,
  devicesAt,
  floorAt,
  keptOf,
  mallory,
  nothing,
  remembered,
  renew,
} from './backups.ts'
import { alice, assertSame } from './vaults.ts'

/** What is sealed of a backup: the whole list of it, and what is refused when it is read. */

type Fields = Record<string, CborValue>

const encoded = (changed: Partial<Remembered> = {}): Uint8Array =>
  encodeContent({ ...content, remembered: { ...remembered, ...changed } })
const fields = (): Fields => decodeCbor(encoded()) as Fields
const read = (value: CborValue): BackupContent => decodeContent(encodeCbor(value))
const codeOf = (work: () => unknown): unknown => {
  try {
    work()
  } catch (error) {
    return error instanceof HandfastError ? error.code : error
  }
  return 'read'
}

test('a backup holds this and nothing else', () => {
  const said = { name: 'Bob', anchor: { seq: 0, head: bob.log.id }, verified: 1, added: 2, published: 3 }
  const written = decodeCbor(
    encodeContent({
      made: NOW,
      kept: keptOf(alice),
      remembered: {
        floors: [floorAt(bob.log, { devices: devicesAt(5) })],
        forks: [{ a: bob.log, b: carol.log, found: 3 }],
        contacts: [{ ...contactOf(bob.log), ...said }],
        blocked: [{ id: carol.log.id, at: 9 }],
        settings: { network: 'host:1', mailboxes: 'hf1one,hf1two', relay: 'ab'.repeat(32) },
      },
    }),
  )
  const { secrets, ...rest } = written as Fields
  assert.deepEqual(rest, {
    made: NOW,
    log: envelopesOf(alice.log),
    floors: [{ id: bob.log.id, epoch: 0, seq: 0, head: bob.log.last.hash, devices: devicesAt(5), asked: true }],
    forks: [{ a: envelopesOf(bob.log), b: envelopesOf(carol.log), found: 3 }],
    contacts: [{ ...said, log: envelopesOf(bob.log) }],
    blocked: [{ id: carol.log.id, at: 9 }],
    settings: { network: 'host:1', mailboxes: 'hf1one,hf1two', relay: 'ab'.repeat(32) },
  })
  assert.deepEqual(Object.keys(decodeCbor(secrets as Uint8Array) as Fields).toSorted(), [
    'closings',
    'device',
    'dh',
    'root',
    'sign',
    'slot',
    'store',
    'transport',
  ])
})

test('what was written is read, and the plaintext is gone then', () => {
  const plaintext = encoded()
  const { made, kept, remembered: back } = decodeContent(plaintext)
  assertSame(kept.identity, alice)
  assert.deepEqual([made, back], [NOW, remembered])
  assert.ok(plaintext.every((byte) => byte === 0))
  const damaged = Uint8Array.of(...encoded(), 0)
  assert.equal(
    codeOf(() => decodeContent(damaged)),
    'ERR_CBOR',
  )
  assert.ok(damaged.every((byte) => byte === 0))
})

/** Every map and list in a value, with how to put another one in its place. */
function* placesIn(
  value: CborValue,
  put: (next: CborValue) => CborValue,
): Generator<[Fields, (next: CborValue) => CborValue]> {
  if (Array.isArray(value))
    for (const [index, item] of value.entries())
      yield* placesIn(item, (next) => put(value.map((one, other) => (other === index ? next : one))))
  else if (value !== null && typeof value === 'object' && !(value instanceof Uint8Array)) {
    const map = value as Fields
    yield [map, put]
    for (const [name, item] of Object.entries(map)) yield* placesIn(item, (next) => put({ ...map, [name]: next }))
  }
}

test('fields that are missing, unknown or misshapen are refused, at every depth', () => {
  const wrong: readonly CborValue[] = [-1, 'x'.repeat(9_000), true, new Uint8Array(20_000), { x: 1 }, [[]]]
  const chosen = new Set(places(10_000))
  let seen = 0
  for (const [map, put] of placesIn(fields(), (next) => next))
    for (const name of Object.keys(map)) {
      const { [name]: value, ...rest } = map
      const variants = [rest, { ...map, [`${name}2`]: 1 }, ...wrong.map((one) => ({ ...map, [name]: one }))]
      for (const variant of variants) {
        const fits = name === 'asked' && variant.asked === true
        if (!fits && chosen.has(seen))
          assert.equal(
            codeOf(() => read(put(variant))),
            'ERR_FIELD',
            `${name}: ${value}`,
          )
        seen += 1
      }
      if (chosen.has(seen) && value !== null && !['name', 'network', 'mailboxes', 'relay'].includes(name))
        assert.notEqual(
          codeOf(() => read(put({ ...map, [name]: null }))),
          'read',
          name,
        )
    }
  assert.ok(seen > 300 && seen < 10_000)
})

test('every number and text has its bound', () => {
  const floor = { ...at(remembered.floors, 3) }
  const contact = { ...at(remembered.contacts, 0) }
  const anchor = contact.anchor ?? assert.fail()
  const changes: readonly Partial<Remembered>[] = [
    { floors: [{ ...floor, epoch: 64 }] },
    { floors: [{ ...floor, seq: 64 }] },
    { floors: [{ ...floor, head: makeBytes('head', 31) }] },
    { floors: [{ ...floor, id: makeBytes('id', 33) }] },
    { contacts: [{ ...contact, name: 'x'.repeat(65) }] },
    { contacts: [{ ...contact, anchor: { ...anchor, seq: 64 } }] },
    { contacts: [{ ...contact, anchor: { ...anchor, head: makeBytes('head', 31) } }] },
    { contacts: [{ ...contact, anchor: null }] },
    { contacts: [{ ...contact, verified: null }] },
    { settings: { network: 'x'.repeat(8_193), mailboxes: null, relay: null } },
    { settings: { network: null, mailboxes: 'x'.repeat(8_193), relay: null } },
    { settings: { network: null, mailboxes: null, relay: 'x'.repeat(8_193) } },
    // The same one twice, which of them would count?
    { floors: [floor, { ...floor, seq: 2 }] },
    { forks: [...remembered.forks, ...remembered.forks] },
    { contacts: [contact, { ...contact, name: null }] },
    { contacts: [contact, contactOf(carol.log, { name: contact.name })] },
  ]
  for (const change of changes)
    assert.equal(
      codeOf(() => decodeContent(encoded(change))),
      'ERR_FIELD',
      JSON.stringify(change),
    )
})

test('more than a backup may hold is refused when it is made, and when it is read', () => {
  const own = fields()
  const first = (name: string): CborValue => at(own[name] as CborValue[], 0)
  for (const [name, max] of [
    ['forks', BACKUP_FORKS_MAX],
    ...(allRuns
      ? ([
          ['floors', BACKUP_FLOORS_MAX],
          ['contacts', BACKUP_CONTACTS_MAX],
        ] as const)
      : []),
  ] as const) {
    const many = <T>(list: readonly T[]): T[] => Array.from({ length: max + 1 }, () => at(list, 0))
    const change = { [name]: many<unknown>(remembered[name]) } as Partial<Remembered>
    assert.equal(
      codeOf(() => encoded(change)),
      'ERR_BACKUP_SIZE',
    )
    assert.equal(
      codeOf(() => read({ ...own, [name]: many([first(name)]) })),
      'ERR_FIELD',
    )
  }
})

test('every log is verified again: one byte of it changed, an entry too few or in the wrong place', () => {
  const own = fields()
  const [contact, fork] = [at(own.contacts as Fields[], 0), at(own.forks as Fields[], 0)]
  const places: readonly [string, readonly Uint8Array[], (log: readonly Uint8Array[]) => Fields][] = [
    ['contact', contact.log as Uint8Array[], (log) => ({ ...own, contacts: [{ ...contact, log }] })],
    ['fork a', fork.a as Uint8Array[], (log) => ({ ...own, forks: [{ ...fork, a: log }] })],
    ['fork b', fork.b as Uint8Array[], (log) => ({ ...own, forks: [{ ...fork, b: log }] })],
    ['own', own.log as Uint8Array[], (log) => ({ ...own, log })],
  ]
  for (const [name, log, put] of places) {
    assert.equal(
      codeOf(() => read(put(log))),
      'read',
    )
    for (const [index, envelope] of log.entries())
      for (let byte = 0; byte < envelope.length; byte += 11) {
        const code = codeOf(() => read(put(log.with(index, flip(envelope, byte)))))
        assert.match(String(code), /^ERR_(LOG_|FIELD$)/, `${name} ${index} ${byte}`)
      }
    for (const other of [log.toReversed(), log.slice(1), [...log, ...log]])
      if (log.length > 1) assert.match(String(codeOf(() => read(put(other)))), /^ERR_(LOG_|FIELD$)/, name)
  }
  // Both logs of a contradiction are of one identity.
  assert.equal(
    codeOf(() => read({ ...own, forks: [{ ...fork, b: envelopesOf(bob.log) }] })),
    'ERR_LOG_ADDRESS',
  )
})

test('keys have to be those of the log, and a clock that is behind is called by its name', () => {
  const [own, other] = [fields(), decodeCbor(encodeContent({ ...content, kept: keptOf(mallory) })) as Fields]
  const renewed = decodeCbor(encodeContent({ ...content, kept: keptOf(renew(alice, 'renewed')) })) as Fields
  for (const { log = null, secrets = null } of [other, renewed]) {
    assert.equal(
      codeOf(() => read({ ...own, log })),
      'ERR_STORE_CORRUPT',
    )
    assert.equal(
      codeOf(() => read({ ...own, secrets })),
      'ERR_STORE_CORRUPT',
    )
    assert.equal(
      codeOf(() => read({ ...own, log, secrets })),
      'read',
    )
  }
  assert.equal(
    codeOf(() => read({ ...own, secrets: encodeCbor({ root: 1 }) })),
    'ERR_FIELD',
  )
})

test('a backup of nothing but keys is one', () => {
  assert.deepEqual(decodeContent(encodeContent({ ...content, remembered: nothing })).remembered, nothing)
})
