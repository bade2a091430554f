import { hex } from '../core/bytes.ts'
import { decodeCbor, encodeSecretCbor } from '../core/cbor.ts'
import { tooLarge } from '../core/errors/sizes.ts'
import { EncodingError, StoreError } from '../core/errors.ts'
import { bytes, flag, list, nullable, type Reader, record, text, uint } from '../core/fields.ts'
import type { DeviceFloor } from '../core/floor.ts'
import { blake2b256 } from '../core/kdf.ts'
import { type Anchor, verifyLog } from '../core/key-log.ts'
import { DEVICE_ID_BYTES, DEVICES_MAX, INCARNATION_BYTES, LOG_ENTRIES_MAX } from '../core/limits/protocol-limits.ts'
import {
  BACKUP_BLOCKED_MAX,
  BACKUP_CONTACTS_MAX,
  BACKUP_FLOORS_MAX,
  BACKUP_FORKS_MAX,
  NAME_LENGTH_MAX,
} from '../core/limits/store-limits.ts'
import type { StoredBlock } from './block-store.ts'
import type { StoredContact } from './contact-store.ts'
import type { StoredFloor } from './floor-store.ts'
import type { StoredFork } from './fork-store.ts'
import type { Remembered } from './remembered.ts'
import { envelopesOf, HASH_BYTES, readEnvelopes } from './rows.ts'
import { SETTING_LENGTH_MAX } from './settings.ts'
import { assemble, encodeSecrets, type VaultSecrets } from './vault-secrets.ts'

/** What is sealed of a backup: an identity and what its folder remembers, as CBOR. Never sessions, messages or files. */
export type BackupContent = {
  /** seconds since 1970 */
  readonly made: number
  readonly kept: VaultSecrets
  readonly remembered: Remembered
}

/** Six keys of 32 bytes, or five and the longest name of a place on a token: 3,640 bytes; and 64 signatures of 64 bytes. */
const SECRETS_BYTES_MAX = 8_192

/** The plaintext of the sealed part; whoever calls wipes it. @throws StoreError ERR_BACKUP_SIZE */
export const encodeContent = ({ made, kept, remembered }: BackupContent): Uint8Array => {
  const { floors, forks, contacts, blocked, settings } = remembered
  // What could not be read again must not pass for a backup.
  for (const [what, size, most] of [
    ['contacts', contacts.length, BACKUP_CONTACTS_MAX],
    ['addresses that were seen', floors.length, BACKUP_FLOORS_MAX],
    ['contradictions', forks.length, BACKUP_FORKS_MAX],
    ['blocked addresses', blocked.length, BACKUP_BLOCKED_MAX],
  ] as const)
    if (size > most) throw new StoreError('ERR_BACKUP_SIZE', { hint: tooLarge(size, most, what) })
  const secrets = encodeSecrets(kept)
  const content = encodeSecretCbor({
    made,
    log: envelopesOf(kept.identity.log),
    secrets,
    floors: floors.map(({ id, epoch, seq, head, devices, asked }) => ({
      ...{ id, epoch, seq, head, asked },
      devices: devices.map(({ device, serial, inc }) => ({ device, serial, inc })),
    })),
    forks: forks.map(({ a, b, found }) => ({ a: envelopesOf(a), b: envelopesOf(b), found })),
    contacts: contacts.map(({ id: _, log, anchor, ...rest }) => ({
      ...rest,
      log: envelopesOf(log),
      anchor: anchor === null ? null : { seq: anchor.seq, head: anchor.head },
    })),
    blocked: blocked.map(({ id, at }) => ({ id, at })),
    settings,
  })
  secrets.fill(0)
  return content
}

const refuse = (name: string): never => {
  throw new EncodingError('ERR_FIELD', { hint: name })
}

type Envelopes = readonly Uint8Array[]

/** The identity that a log begins; that it verifies to it is still to be seen. */
const idOf = ([first = new Uint8Array(0)]: Envelopes): Uint8Array => blake2b256(first)

const place = uint(LOG_ENTRIES_MAX - 1)

const readDevice = record<DeviceFloor>({
  device: bytes(DEVICE_ID_BYTES),
  serial: uint(),
  inc: bytes(INCARNATION_BYTES),
})
/** Each device once, in the order in which a floor has them. */
const readDevices: Reader<readonly DeviceFloor[]> = (value, name) => {
  const devices = list(readDevice, 0, DEVICES_MAX)(value, name)
  const inOrder = devices.every(({ device }, index) => {
    const before = devices[index - 1]
    return before === undefined || Buffer.compare(before.device, device) < 0
  })
  return inOrder ? devices : refuse(name)
}

const readFloor = record<StoredFloor>({
  id: bytes(HASH_BYTES),
  epoch: place,
  seq: place,
  head: bytes(HASH_BYTES),
  devices: readDevices,
  asked: flag,
})

const readForkFields = record<{ readonly a: Envelopes; readonly b: Envelopes; readonly found: number }>({
  a: readEnvelopes,
  b: readEnvelopes,
  found: uint(),
})
const readFork: Reader<StoredFork> = (value, name) => {
  const { a, b, found } = readForkFields(value, name)
  return { a: verifyLog(idOf(a), a), b: verifyLog(idOf(a), b), found }
}

type ContactFields = Omit<StoredContact, 'id' | 'log'> & { readonly log: Envelopes }

const readContactFields = record<ContactFields>({
  name: nullable(text(NAME_LENGTH_MAX)),
  log: readEnvelopes,
  anchor: nullable(record<Anchor>({ seq: place, head: bytes(HASH_BYTES) })),
  verified: nullable(uint()),
  added: uint(),
  published: uint(),
})
const readContact: Reader<StoredContact> = (value, name) => {
  const { log: envelopes, ...rest } = readContactFields(value, name)
  if ((rest.anchor === null) !== (rest.verified === null)) refuse(name)
  const log = verifyLog(idOf(envelopes), envelopes)
  return { ...rest, id: log.id, log }
}

type Fields = Omit<Remembered, 'floors'> & {
  readonly made: number
  readonly log: Envelopes
  readonly secrets: Uint8Array
  readonly floors: readonly StoredFloor[]
}

const readBlock = record<StoredBlock>({ id: bytes(HASH_BYTES), at: uint() })

const readSetting = nullable(text(SETTING_LENGTH_MAX))

const readFields = record<Fields>({
  made: uint(),
  log: readEnvelopes,
  secrets: bytes(1, SECRETS_BYTES_MAX),
  floors: list(readFloor, 0, BACKUP_FLOORS_MAX),
  forks: list(readFork, 0, BACKUP_FORKS_MAX),
  contacts: list(readContact, 0, BACKUP_CONTACTS_MAX),
  blocked: list(readBlock, 0, BACKUP_BLOCKED_MAX),
  settings: record<Remembered['settings']>({
    network: readSetting,
    mailboxes: readSetting,
    relay: readSetting,
  }),
})

const checkDistinct = (values: readonly string[], name: string): void => {
  if (new Set(values).size !== values.length) refuse(`${name}: one of them twice`)
}

const decodeAndWipe = (plaintext: Uint8Array): unknown => {
  try {
    return decodeCbor(plaintext)
  } finally {
    plaintext.fill(0)
  }
}

/**
 * Reads what `encodeContent` wrote, and verifies every log anew; the plaintext is wiped.
 * @throws EncodingError, KeyLogError, KeyError; StoreError ERR_STORE_CORRUPT when keys and log do not belong together
 */
export const decodeContent = (plaintext: Uint8Array): BackupContent => {
  const { made, log: envelopes, secrets, ...remembered } = readFields(decodeAndWipe(plaintext), 'backup')
  const { floors, forks, contacts, blocked } = remembered
  for (const [name, ids] of [
    ['floors', floors.map(({ id }) => hex(id))],
    ['forks', forks.map(({ a }) => hex(a.id))],
    ['contacts', contacts.map(({ id }) => hex(id))],
    ['blocked', blocked.map(({ id }) => hex(id))],
    ['names', contacts.flatMap(({ name }) => name ?? [])],
  ] as const)
    checkDistinct(ids, name)
  const kept = assemble(verifyLog(idOf(envelopes), envelopes), secrets)
  return { made, kept, remembered }
}
