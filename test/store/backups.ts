import { createIdentity, generateDevice, type Identity, publicDevice } from '../../src/core/identity.ts'
import { secretKey } from '../../src/core/kdf.ts'
import { type KeyLog, updateLog } from '../../src/core/key-log.ts'
import type { P256PrivateKey } from '../../src/core/p256.ts'
import { type BackupContent, encodeContent } from '../../src/store/backup-content.ts'
import { sealBackup } from '../../src/store/backup-file.ts'
import type { StoredContact } from '../../src/store/contact-store.ts'
import type { StoredFloor } from '../../src/store/floor-store.ts'
import type { Remembered } from '../../src/store/remembered.ts'
import type { Kdf } from '../../src/store/sealing.ts'
import type { VaultSecrets } from '../../src/store/vault-secrets.ts'
import { makeBytes, NOW } from '../core/identities.ts'
import { seededRandom } from '../core/test-bytes.ts'
import { alice } from './vaults.ts'

/** A backup of Alice's folder, sealed so that it costs no time, as no command does. */

export const CHEAP: Kdf = { kdf: 'argon2id', memory: 8, passes: 1, parallelism: 1, salt: new Uint8Array(16).fill(7) }
export const PASSPHRASE = 'correct horse'

/** An identity as a vault keeps it. */
export const keptOf = (identity: Identity): VaultSecrets => ({
  identity,
  storeKey: secretKey(makeBytes('store key', 32)),
})

type Person = Identity<P256PrivateKey>

export const personOf = (name: string): Person => createIdentity(NOW, seededRandom(`backup/${name}`)).identity

/** With new device keys, by an update of the log. */
export const renew = (identity: Person, name: string): Person => {
  const keys = generateDevice(seededRandom(`backup/${name}`))
  const log = updateLog(identity.log, identity.root, { devices: [publicDevice(keys)], time: NOW })
  return { ...identity, ...keys, log }
}

/** How far the cards of one device have got. */
export const devicesAt = (serial: number): StoredFloor['devices'] => [
  { device: makeBytes('device', 16), serial, inc: makeBytes('inc', 16) },
]

/** The floor of who accepted that log. */
export const floorAt = (log: KeyLog, changed: Partial<StoredFloor> = {}): StoredFloor => {
  const { entry, hash: head } = log.last
  return { id: log.id, epoch: log.epoch, seq: entry.seq, head, devices: [], asked: true, ...changed }
}

export const contactOf = (log: KeyLog, changed: Partial<StoredContact> = {}): StoredContact => {
  const nothing = { name: null, anchor: null, verified: null, added: NOW, published: 0 }
  return { id: log.id, log, ...nothing, ...changed }
}

export const anchorAt = ({ last }: KeyLog) => ({ seq: last.entry.seq, head: last.hash })

export const [bob, carol, mallory, stranger] = ['Bob', 'Carol', 'Mallory', 'a stranger'].map(personOf) as [
  Person,
  Person,
  Person,
  Person,
]
const [one, other] = [renew(mallory, 'one'), renew(mallory, 'other')]
const bobNow = renew(bob, 'renewed')

export const nothing: Remembered = {
  floors: [],
  forks: [],
  contacts: [],
  blocked: [],
  settings: { network: null, mailboxes: null, relay: null },
}

/** Bob is verified, Carol known, Mallory's log contradicted, and somebody has called. */
export const remembered: Remembered = {
  floors: [
    floorAt(stranger.log, { asked: false }),
    floorAt(carol.log, { devices: devicesAt(1_767_225_600_123) }),
    floorAt(one.log),
    floorAt(bobNow.log),
  ],
  forks: [{ a: one.log, b: other.log, found: NOW - 5 }],
  contacts: [
    contactOf(bobNow.log, {
      name: 'Bob',
      anchor: anchorAt(bob.log),
      verified: NOW - 10,
      added: NOW - 30,
      published: 7,
    }),
    contactOf(carol.log, { added: NOW - 20 }),
    contactOf(one.log, { name: 'Mallory' }),
  ],
  blocked: [{ id: one.log.id, at: NOW - 1 }],
  settings: { network: '127.0.0.1:4000', mailboxes: 'hf1one,hf1two', relay: 'ab'.repeat(32) },
}

export const content: BackupContent = { made: NOW, kept: keptOf(alice), remembered }

export const sealCheap = (plaintext: Uint8Array = encodeContent(content), passphrase = PASSPHRASE): Promise<string> =>
  sealBackup(plaintext, passphrase, CHEAP)
