import { encodeAddress } from '../../src/core/address.ts'
import { utf8 } from '../../src/core/bytes.ts'
import { type Card, type LiveCard, type SignedCard, signCard, signLiveCard } from '../../src/core/card.ts'
import { type CborValue, encodeCbor } from '../../src/core/cbor.ts'
import { signEnvelope } from '../../src/core/cose.ts'
import { type Ed25519PrivateKey, importEd25519 } from '../../src/core/ed25519.ts'
import { type EpochKeys, epochKeys, type RotationKeys } from '../../src/core/epoch-keys.ts'
import type { ErrorCode } from '../../src/core/errors.ts'
import { sha256 } from '../../src/core/kdf.ts'
import { generateKem, type KemPrivateKey } from '../../src/core/kem.ts'
import {
  appendEntry,
  complete,
  createLog,
  type KeyLog,
  type PartialLog,
  prefixOf,
  updateLog,
} from '../../src/core/key-log.ts'
import type { Device } from '../../src/core/key-log-entry.ts'
import { LABEL_KEY_LOG } from '../../src/core/labels.ts'
import { generatePrivateKey, type P256PrivateKey } from '../../src/core/p256.ts'
import { seededRandom } from './test-bytes.ts'

/** Builders shared by the protocol's tests: the same names give the same keys on every run. */

/** The clock of these tests, in seconds. */
export const NOW = 1_767_225_600

export const makeKey = (name: string): P256PrivateKey => generatePrivateKey(seededRandom(name))

export const makeBytes = (name: string, size: number): Uint8Array => seededRandom(name)(size)

/** The item at `index`, which must be there. */
export const at = <T>(list: readonly T[], index: number): T => {
  const item = list.at(index)
  if (item === undefined) throw new RangeError(`nothing at ${index}`)
  return item
}

/** What `assert.throws` compares with: the stable code, never the wording. */
export const failsWith = (code: ErrorCode): { code: ErrorCode } => ({ code })

/** A copy with one byte changed. */
export const flip = (bytes: Uint8Array, index: number = bytes.length - 1, mask: number = 1): Uint8Array =>
  Uint8Array.from(bytes).fill((bytes[index] ?? 0) ^ mask, index, index + 1)

export type DeviceKeys = { readonly sign: P256PrivateKey; readonly ik: P256PrivateKey }

/** An identity with every key it will ever have: `roots[n]` is the root key after `n` rotations; the last commits to none. */
export type Identity = {
  readonly address: string
  readonly roots: readonly P256PrivateKey[]
  readonly devices: readonly DeviceKeys[]
  readonly log: KeyLog
}

export const makeDevice = (name: string): DeviceKeys => ({ sign: makeKey(`${name}/sign`), ik: makeKey(`${name}/ik`) })

/** The public halves, as they stand in the log. */
export const publicOf = (devices: readonly DeviceKeys[]): readonly Device[] =>
  devices.map(({ sign, ik }) => ({ sign: sign.publicKey, dh: ik.publicKey }))

/** The key of the slot of the epoch that this root key begins. */
export const slotKeyOf = ({ publicKey }: Pick<P256PrivateKey, 'publicKey'>): Ed25519PrivateKey =>
  importEd25519(sha256(utf8('slot'), publicKey))

const rotationsOf = (roots: readonly Pick<P256PrivateKey, 'publicKey'>[]): readonly RotationKeys[] =>
  roots.map((root) => ({ root: root.publicKey, slot: slotKeyOf(root).publicKey }))

/** What commits to these root keys, and their slots. */
export const nextTo = (roots: readonly Pick<P256PrivateKey, 'publicKey'>[]): Uint8Array =>
  epochKeys(new Uint8Array(32), rotationsOf(roots)).next

/** What rotation `rotation` of an identity must say, and its first entry for 0: its slot, and what commits to every root key and slot after it. */
export const commitmentAfter = ({ roots }: Pick<Identity, 'roots'>, rotation: number): EpochKeys =>
  epochKeys(slotKeyOf(roots[rotation] ?? at(roots, -1)).publicKey, rotationsOf(roots.slice(rotation + 1)))

export const makeIdentity = (name: string, { devices: count = 1, rotations = 5 } = {}): Identity => {
  const roots = Array.from({ length: rotations + 1 }, (_, index) => makeKey([name, 'root', index].join('/')))
  const devices = Array.from({ length: count }, (_, index) => makeDevice(`${name}/device/${index}`))
  const log = createLog(at(roots, 0), commitmentAfter({ roots }, 0), { devices: publicOf(devices), time: NOW })
  return { address: encodeAddress(log.id), roots, devices, log }
}

/** The same identity after an update, so that its head is not its address. */
export const grown = (identity: Identity): Identity => ({
  ...identity,
  log: lengthen(identity.log, at(identity.roots, 0), identity.log.entries.length + 1),
})

export const envelopesOf = (log: PartialLog): readonly Uint8Array[] => log.entries.map(({ envelope }) => envelope)

/** The whole log that ends with entry number `seq` of `log`. */
export const cut = (log: PartialLog, seq: number): KeyLog => complete(prefixOf(log, seq))

/** The whole log that `envelope` makes of `log`. */
export const grow = (log: PartialLog | null, envelope: Uint8Array): KeyLog => complete(appendEntry(log, envelope))

/** `log` continued with updates that change nothing, up to `size` entries. */
export const lengthen = (log: KeyLog, root: P256PrivateKey, size: number): KeyLog => {
  let longer = log
  while (longer.entries.length < size) longer = updateLog(longer, root, { ...longer.last.entry })
  return longer
}

/** Fields about to be signed, possibly not as they should be. */
export type Draft = { readonly [field: string]: CborValue }

export const without = (draft: Draft, field: string): Draft =>
  Object.fromEntries(Object.entries(draft).filter(([name]) => name !== field))

export const signDraft = (draft: Draft, key: P256PrivateKey, label: string = LABEL_KEY_LOG): Uint8Array =>
  signEnvelope(encodeCbor(draft), key, label)

/** The fields of an update that would follow `log` (or of a first entry, by `root`, when it is null). */
export const draftEntry = (log: KeyLog | null, identity: Identity): Draft => {
  const devices = publicOf(identity.devices).map(({ sign, dh }) => ({ sign, dh }))
  if (log === null) {
    const root = at(identity.roots, 0).publicKey
    return { v: 1, seq: 0, prev: null, root, ...commitmentAfter(identity, 0), devices, status: 'active', time: NOW }
  }
  const { entry, hash } = log.last
  return { ...entry, seq: entry.seq + 1, prev: hash, devices }
}

export type Prekeys = { readonly spk: P256PrivateKey; readonly kem: KemPrivateKey }

export const makePrekeys = (name: string): Prekeys => ({
  spk: makeKey(`${name}/spk`),
  kem: generateKem(seededRandom(`${name}/kem`)),
})

const cardContent = ({ spk, kem }: Prekeys, device: number, now: number, inc = makeBytes('inc', 16)) => ({
  device,
  now: now * 1000,
  inc,
  spk: spk.publicKey,
  kem: kem.publicKey,
  transport: makeBytes('transport', 32),
})

export const publishCard = (
  { log, devices }: Identity,
  prekeys: Prekeys,
  { device = 0, now = NOW, inc }: { device?: number; now?: number; inc?: Uint8Array } = {},
): SignedCard<Card> => signCard(log, at(devices, device).sign, cardContent(prekeys, device, now, inc))

export const presentCard = (
  { log, devices }: Identity,
  prekeys: Prekeys,
  channel: Uint8Array,
  { device = 0, now = NOW } = {},
): SignedCard<LiveCard> => signLiveCard(log, at(devices, device).sign, cardContent(prekeys, device, now), channel)
