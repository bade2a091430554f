import { basename, resolve } from 'node:path'
import type { Payload, PayloadKind } from '../connection/payloads.ts'
import type { Line, LineHandler, Service } from '../connection/service.ts'
import type { Contacts } from '../contacts/contact-api.ts'
import { checkSendable, peerIdOf } from '../contacts/peer-name.ts'
import { TRANSFER_ID_BYTES } from '../core/chunk.ts'
import { errorOf } from '../core/error-of.ts'
import { FileError, PeerError } from '../core/errors.ts'
import { safeFileName } from '../core/file-name.ts'
import { secretKey } from '../core/kdf.ts'
import { FILE_AGE_MAX } from '../core/limits/file-limits.ts'
import { presentOf, type World } from '../core/world.ts'
import type { Backlog } from '../messages/backlog.ts'
import type { Store } from '../store/store.ts'
import type { StoredTransfer } from '../store/transfer-rows.ts'
import {
  type Changed,
  describeTransfer,
  type FileOffer,
  type Files,
  type FileTransfer,
  isOver,
  type Live,
  type SendFileOptions,
} from './file-api.ts'
import type { FileEvent } from './file-events.ts'
import { createIncomingFiles, type IncomingFiles, type IncomingPayload } from './incoming-files.ts'
import { openInventory } from './inventory.ts'
import { createLookout, type Lookout } from './lookout.ts'
import { createOutgoingFiles, type OutgoingFiles, type OutgoingPayload } from './outgoing-files.ts'
import { fingerprint } from './source-file.ts'

export type FilesParts = {
  /** identity hash of this peer, 32 bytes */
  readonly own: Uint8Array
  readonly store: Store
  readonly contacts: Pick<Contacts, 'get'>
  readonly world: World
  /** Whether that peer is one that was chosen here: whoever only called has less room. */
  readonly isContact: (peer: Uint8Array) => boolean
  /** Since when the peer's store has been the one that it is, as far as it has proven; seconds since 1970, null when it has not. */
  readonly provenSince: (peer: Uint8Array) => number | null
  /** Told that a file to `peer` was written down. */
  readonly queued: (peer: Uint8Array) => void
  readonly emit: (event: FileEvent) => void
  /** aborted when the peer closes */
  readonly closing: AbortSignal
}

/** Files as the rest of a peer has them. */
export type FilesRoom = {
  readonly api: Files
  /** What is said of files on every connection. */
  readonly service: Service
  /** What waits for somebody to be reached. */
  readonly backlog: Backlog
  /** Resolves when no file is open any more. */
  stop(): Promise<void>
}

type OnProgress = NonNullable<SendFileOptions['onProgress']>

type Room = FilesParts & {
  readonly lookout: Lookout
  /** whom to tell how far a file has got, by its number */
  readonly followers: Map<number, OnProgress>
  readonly outgoing: OutgoingFiles
  readonly incoming: IncomingFiles
  readonly changed: Changed
}

const LIST = 100

const INCOMING: readonly PayloadKind[] = ['file', 'file-abort']
const OUTGOING: readonly PayloadKind[] = [
  'file-accept',
  'file-wait',
  'file-refuse',
  'file-taken',
  'file-done',
  'file-ask',
]

const isIncoming = (payload: Payload): payload is IncomingPayload => INCOMING.includes(payload.k)
const isOutgoing = (payload: Payload): payload is OutgoingPayload => OUTGOING.includes(payload.k)

const attach = (room: Room, line: Line): LineHandler => {
  const { incoming, outgoing } = room
  const [theirs, ours] = [incoming.attach(line), outgoing.attach(line)]
  const again = (peer: Uint8Array): void => {
    outgoing.offer(peer)
    room.queued(peer)
  }
  const inventory = openInventory({ ...room, again }, line)
  return {
    handle: (payload) => {
      if (payload.k === 'files-have') inventory.handle(payload)
      else if (isIncoming(payload)) theirs.handle(payload)
      else if (isOutgoing(payload)) ours.handle(payload)
    },
    chunk: theirs.chunk,
    detach: () => {
      theirs.detach()
      ours.detach()
    },
  }
}

/** Apart from the work on a file: what a listener throws is not the transfer's failure. */
const apart = (tell: () => void): void => queueMicrotask(tell)

/** Tells everyone who is to know that a transfer went on. */
const tellChanged = (
  { emit, lookout, followers }: Pick<Room, 'emit' | 'lookout' | 'followers'>,
  row: StoredTransfer,
  live: Live | null,
): void => {
  const transfer = describeTransfer(row, live)
  const { id, state, done, size } = transfer
  const follower = followers.get(id)
  if (isOver(row)) {
    followers.delete(id)
    lookout.wake()
  }
  apart(() => emit({ type: 'file', transfer }))
  if (follower !== undefined && (state === 'sending' || state === 'delivered')) apart(() => follower(done, size))
}

/** Tells everyone who is to know of an offer. */
const tellOffered = ({ emit, lookout }: Pick<Room, 'emit' | 'lookout'>, offer: FileOffer, again: boolean): void => {
  if (!again) apart(() => emit({ type: 'offer', offer }))
  lookout.wake()
}

const send = async (room: Room, who: string, given: string, options: SendFileOptions): Promise<StoredTransfer> => {
  const { own, store, contacts, world, closing, followers, outgoing } = room
  const peer = peerIdOf(contacts, who)
  checkSendable(own, store, peer)
  const path = resolve(given)
  const name = safeFileName(options.name ?? basename(path))
  const file = await fingerprint(path)
  if (closing.aborted) throw new PeerError('ERR_PEER_CLOSED')
  const [id, secret] = [world.random(TRANSFER_ID_BYTES), secretKey(world.random(32))]
  const at = world.clock()
  const about = {
    peer,
    out: true,
    id,
    at,
    queued: presentOf(world),
    part: null,
    state: 'queued',
    reason: null,
  } as const
  const row = await store.group.run(() => store.transfers.add({ ...about, ...file, name, path, secret }))
  if (options.onProgress !== undefined) followers.set(row.number, options.onProgress)
  tellChanged(room, row, null)
  outgoing.offer(peer)
  room.queued(peer)
  return row
}

/** The next offer; null once the signal is aborted or the peer closes. */
const nextOffer = ({ lookout, incoming }: Room, peer: Uint8Array | null, signal: AbortSignal | undefined) =>
  lookout.until(() => incoming.take(peer), signal)

async function* takeOffers(room: Room, peer: Uint8Array | null, signal: AbortSignal | undefined) {
  for (;;) {
    const offer = await nextOffer(room, peer, signal)
    if (offer === null) return
    yield offer
  }
}

const finished = async (room: Room, id: number, signal: AbortSignal | undefined): Promise<StoredTransfer> => {
  const row = await room.lookout.until(() => {
    const now = room.store.transfers.get(id)
    if (now === null) throw new FileError('ERR_FILE_UNKNOWN')
    return isOver(now) ? now : null
  }, signal)
  if (row === null) {
    signal?.throwIfAborted()
    throw new PeerError('ERR_PEER_CLOSED')
  }
  if (row.state !== 'delivered' && row.state !== 'saved') throw errorOf(row.reason ?? 'ERR_FILE_REFUSED')
  return row
}

const createApi = (room: Room): Files => {
  const { contacts, outgoing, incoming } = room
  const { transfers } = room.store
  const describe = (row: StoredTransfer): FileTransfer =>
    describeTransfer(row, row.out ? outgoing.live(row) : incoming.live(row))
  const idOf = (who: string | undefined): Uint8Array | null => (who === undefined ? null : peerIdOf(contacts, who))
  const offers: Files['offers'] = ({ from, signal } = {}) => takeOffers(room, idOf(from), signal)
  return {
    send: async (who, path, options = {}) => describe(await send(room, who, path, options)),
    offers,
    receive: async ({ from, signal } = {}) => {
      const offer = await nextOffer(room, idOf(from), signal)
      if (offer === null) signal?.throwIfAborted()
      return offer
    },
    finished: async (id, { signal } = {}) => describe(await finished(room, id, signal)),
    cancel: async (id) => {
      const row = transfers.get(id)
      const gaveUp = row !== null && (row.out ? outgoing.giveUp(row, 'ERR_FILE_WITHDRAWN') : incoming.giveUp(row))
      if (!(await gaveUp)) throw new FileError('ERR_FILE_UNKNOWN')
    },
    clear: (who) => room.store.volumes.clearFiles(peerIdOf(contacts, who)),
    list: ({ who, before = Number.MAX_SAFE_INTEGER, limit = LIST } = {}) =>
      transfers.list(idOf(who), before, limit).map(describe),
    [Symbol.asyncIterator]: () => offers()[Symbol.asyncIterator](),
  }
}

const createBacklog = ({ store: { transfers }, outgoing }: Room): Backlog => ({
  waiting: transfers.waiting,
  isWaiting: transfers.isWaiting,
  expire: async (peer, now) => {
    for (const row of transfers.open(peer, 'queued'))
      if (row.queued < now - FILE_AGE_MAX * 1000) await outgoing.giveUp(row, 'ERR_FILE_EXPIRED')
  },
  giveUp: async (peer, reason) => {
    for (const row of transfers.open(peer, 'queued')) await outgoing.giveUp(row, reason)
  },
})

/** Files of one peer, sent and received. */
export const createFiles = (parts: FilesParts): FilesRoom => {
  const { own, store, world, isContact, emit, closing } = parts
  const told = { emit, lookout: createLookout(closing), followers: new Map<number, OnProgress>() }
  const changed: Changed = (row, live) => tellChanged(told, row, live)
  const outgoing = createOutgoingFiles({ store, world, changed })
  const incoming = createIncomingFiles({
    ...{ own, store, world, isContact, changed, closing, emit },
    offered: (offer, again) => tellOffered(told, offer, again),
  })
  const room: Room = { ...parts, ...told, outgoing, incoming, changed }
  return {
    api: createApi(room),
    service: { kinds: [...INCOMING, ...OUTGOING, 'files-have'], attach: (line) => attach(room, line) },
    backlog: createBacklog(room),
    stop: async () => {
      told.lookout.wake()
      await Promise.all([incoming.stop(), outgoing.stop()])
    },
  }
}
