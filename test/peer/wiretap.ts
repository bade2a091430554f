import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { decodeFrame } from '../../src/connection/frames.ts'
import { verifyCard } from '../../src/core/card.ts'
import { openChunk } from '../../src/core/chunk.ts'
import { respond } from '../../src/core/handshake.ts'
import { decodeHello } from '../../src/core/hello.ts'
import type { Identity } from '../../src/core/identity.ts'
import { complete, prefixOf } from '../../src/core/key-log.ts'
import { openParcel } from '../../src/core/parcel.ts'
import { decryptMessage, type Message } from '../../src/core/session/session.ts'
import { decodeEnvelope } from '../../src/messages/bundle-format.ts'
import type { Store } from '../../src/store/store.ts'
import { seededRandom } from '../core/test-bytes.ts'
import type { Square } from '../messages/residents.ts'

/** Mallory records everything that goes over the wire, and gets a data folder with the key that opens it later. */

export type Recorded = {
  /** everything that was left in a mailbox */
  readonly parcels: readonly Uint8Array[]
  readonly chunks: readonly { readonly id: Uint8Array; readonly i: number; readonly d: Uint8Array }[]
  /** messages and hellos of connections */
  readonly messages: readonly Message[]
  readonly hellos: readonly Uint8Array[]
}

export const createWiretap = (town: Square) => {
  const parcels = new Map<string, Uint8Array>()
  return {
    /** What lies in the mailboxes for these, before they fetch it. */
    look: (...recipients: readonly Identity[]): void => {
      for (const keep of town.keeps)
        for (const { log } of recipients)
          for (
            let kept = keep.next(log.id, 0, town.world.now);
            kept;
            kept = keep.next(log.id, kept.number, town.world.now)
          )
            parcels.set(Buffer.from(kept.parcel).toString('latin1'), kept.parcel)
    },
    recorded: (): Recorded => {
      const frames = town.transports.pairs
        .flatMap(({ toFar, toNear }) => [...toFar.sent, ...toNear.sent])
        .map((frame) => decodeFrame(frame))
      return {
        parcels: [...parcels.values()],
        chunks: frames.flatMap((frame) => (frame?.t === 'chunk' ? [frame] : [])),
        messages: frames.flatMap((frame) => (frame?.t === 'msg' ? [{ header: frame.h, token: frame.d }] : [])),
        hellos: frames.flatMap((frame) => (frame?.t === 'hello' ? [frame.d] : [])),
      }
    },
  }
}

/** Whether something comes out. */
const opens = (attempt: () => unknown): boolean => {
  try {
    attempt()
    return true
  } catch {
    return false
  }
}

const cardsOf = (folder: string): readonly Uint8Array[] => {
  const raw = new DatabaseSync(join(folder, 'handfast.db'), { readOnly: true })
  try {
    return raw
      .prepare('SELECT card FROM prekeys')
      .all()
      .map(({ card }) => card as Uint8Array)
  } finally {
    raw.close()
  }
}

/** All that a store and its owner's device keys open of what was recorded: what it was, and by what. */
export const opened = (
  { parcels, chunks, messages, hellos }: Recorded,
  { identity, store, folder, peers }: Loot,
  now: number,
): readonly string[] => {
  const found: string[] = []
  const surroundings = { now, random: seededRandom('mallory') }
  const self = { log: identity.log, device: identity.device, ik: identity.ik }
  const envelopes = parcels.flatMap((parcel) => {
    try {
      return [decodeEnvelope(openParcel(parcel, identity.ik))]
    } catch {
      return []
    }
  })
  const heard = [...messages, ...envelopes.map(({ message }) => message)]
  for (const { secret, id, size } of store.transfers.list(null, Number.MAX_SAFE_INTEGER, 1_000))
    for (const { id: of, i, d } of chunks)
      if (secret !== null && Buffer.compare(of, id) === 0 && opens(() => openChunk({ id, size, secret }, i, d)))
        found.push('chunk by transfer')
  for (const peer of peers)
    for (const { session } of store.offlineSessions.all(peer))
      for (const message of heard)
        if (opens(() => decryptMessage(session, message, surroundings))) found.push('message by session')
  const begun = [...hellos, ...envelopes.flatMap(({ hello }) => (hello === null ? [] : [hello]))]
  for (const hash of cardsOf(folder)) {
    const kept = store.prekeys.get(hash)
    if (kept === null) continue
    const { envelope, seq, spk, kem } = kept
    const card = verifyCard(envelope, complete(prefixOf(identity.log, seq)), now)
    for (const hello of begun) {
      const isFor = Buffer.compare(decodeHello(hello).card, hash) === 0
      const attempt = () => respond({ self, card, spk, kem, channel: new Uint8Array(0) }, hello, surroundings)
      if (isFor && opens(attempt)) found.push('hello by prekeys')
    }
  }
  return found
}

export type Loot = {
  readonly identity: Identity
  readonly store: Store
  readonly folder: string
  /** with whom there may be sessions */
  readonly peers: readonly Uint8Array[]
}

const TABLES = ['transfers', 'prekeys', 'offline_sessions']

/** Whatever is sealed of secrets at this moment. */
export const sealedNow = (folder: string): ReadonlySet<string> => {
  const raw = new DatabaseSync(join(folder, 'handfast.db'), { readOnly: true })
  try {
    const rows = TABLES.flatMap((table) => raw.prepare(`SELECT sealed FROM ${table}`).all())
    return new Set(rows.map(({ sealed }) => Buffer.from(sealed as Uint8Array).toString('latin1')))
  } finally {
    raw.close()
  }
}

/** How many of these lie in the files of a folder, or any 32 bytes at their beginning, middle or end. */
export const lying = (folder: string, sealed: Iterable<string>): number => {
  const files = readdirSync(folder).map((name) => readFileSync(join(folder, name)))
  let count = 0
  for (const one of sealed) {
    const bytes = Buffer.from(one, 'latin1')
    const parts = [30, bytes.length >> 1, bytes.length - 32].map((from) => bytes.subarray(from, from + 32))
    if (files.some((file) => parts.some((part) => file.includes(part)))) count += 1
  }
  return count
}
