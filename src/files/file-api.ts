import { basename, resolve } from 'node:path'
import type { Contacts } from '../contacts/contact-api.ts'
import { checkSendable, idOf } from '../contacts/peer-name.ts'
import { encodeAddress } from '../core/address.ts'
import { hex } from '../core/bytes.ts'
import { chunkCount, TRANSFER_ID_BYTES } from '../core/chunk.ts'
import { errorOf, FileError, PeerError } from '../core/errors.ts'
import { safeFileName } from '../core/file-name.ts'
import { secretKey } from '../core/kdf.ts'
import { CHUNK_BYTES } from '../core/limits.ts'
import type { Delivery } from '../messages/delivery.ts'
import type { StoredTransfer, TransferReason } from '../store/transfer-store.ts'
import type { FileHandler, FileLine } from './file-line.ts'
import type { Offer } from './file-offers.ts'
import { createIncomingFiles, type IncomingParts } from './incoming-files.ts'
import { createOutgoingFiles } from './outgoing-files.ts'
import { fingerprint } from './source-file.ts'

/** A file on its way, or over: kept until it has arrived, across lost connections and restarts of either side. */
export type FileTransfer = {
  /** rises with every file of this peer, sent or received */
  readonly id: number
  /** the address at the other end */
  readonly peer: string
  readonly direction: 'in' | 'out'
  /** safe as the name of one file in one folder */
  readonly name: string
  /** bytes */
  readonly size: number
  /** of the whole file, in hex */
  readonly sha256: string
  /** sent ones: the file. Received ones: the folder, and once it is `saved` the file */
  readonly path: string
  /** when it was sent or accepted here, milliseconds since 1970 */
  readonly at: number
  /** bytes that are certainly on the disk of the receiving side, as far as this side knows */
  readonly done: number
  /**
   * Sent ones: `queued` until there is a connection, `offered` on one, `sending`, `delivered`. Received ones: `waiting` for their sender,
   * `receiving`, `saved`, `refused` here. Either: `failed` for the `reason`.
   */
  readonly state:
    | 'queued'
    | 'offered'
    | 'sending'
    | 'delivered'
    | 'waiting'
    | 'receiving'
    | 'saved'
    | 'refused'
    | 'failed'
  readonly reason: TransferReason | null
}

/** A file somebody offers. Nothing of it is received before it is accepted. */
export type FileOffer = Pick<FileTransfer, 'peer' | 'name' | 'size' | 'sha256'> & {
  /**
   * Has it received into `folder`, now and whenever its sender is there again; an existing file of that name is left alone. Resolves once
   * that decision is on disk.
   * @throws FileError ERR_FILE_FULL, ERR_FILE_WRITE (it is refused then), ERR_FILE_REFUSED (decided before), or why its sender took it back
   */
  accept(folder: string): Promise<FileTransfer>
  /** @throws FileError ERR_FILE_REFUSED (decided before), or why its sender took it back */
  refuse(): Promise<void>
}

/** How a file is sent. */
export type SendFileOptions = {
  /** the name the other side sees; default: the path's last part */
  readonly name?: string | undefined
  /** called with bytes the other side has on disk, and bytes in all, as long as this process runs */
  readonly onProgress?: ((done: number, size: number) => void) | undefined
}

/** Files that arrive whole, once, or not at all. Iterating takes what others offer. */
export type Files = AsyncIterable<FileOffer> & {
  /**
   * Reads a file through and writes down that it is to be sent; resolves once that is on disk, and from then on it is on its way, also
   * after a restart. It must stay as it is until it is `delivered`.
   * @param contact a name or an address
   * @throws FileError ERR_FILE_READ, _NAME, _CHANGED (while it was read); PeerError ERR_PEER_CLOSED, _SELF, _RETIRED; AddressError; StoreError;
   *   KeyLogError ERR_LOG_FORK while two logs of the contact contradict each other
   */
  send(contact: string, path: string, options?: SendFileOptions): Promise<FileTransfer>
  /** The next file that is offered, by anybody or by one contact; null once the peer is closed. @throws the signal's reason */
  receive(options?: {
    readonly from?: string | undefined
    readonly signal?: AbortSignal | undefined
  }): Promise<FileOffer | null>
  /**
   * Resolves when it is `delivered` or `saved`, however long that takes.
   * @throws FileError or PeerError with the `reason` when it failed; FileError ERR_FILE_REFUSED when it was refused here, ERR_FILE_UNKNOWN;
   *   PeerError ERR_PEER_CLOSED; the signal's reason
   */
  finished(id: number, options?: { readonly signal?: AbortSignal | undefined }): Promise<FileTransfer>
  /** Gives up a file that is under way, on both sides; what is there of it is removed. @throws FileError ERR_FILE_UNKNOWN */
  cancel(id: number): Promise<void>
  /** The latest `limit` (default 100) files of one contact or of all, with an id below `before`, oldest first. */
  list(options?: {
    readonly contact?: string | undefined
    readonly before?: number | undefined
    readonly limit?: number | undefined
  }): readonly FileTransfer[]
  /** Calls back for every file whose state changed or that went on. @returns ends that */
  watch(listener: (transfer: FileTransfer) => void): () => void
}

export type FilesParts = Omit<IncomingParts, 'onChange' | 'onOffer'> & {
  readonly contacts: Contacts
  readonly delivery: Pick<Delivery, 'wake'>
  /** aborted when the peer closes */
  readonly closing: AbortSignal
}

const LIST = 100

const isOver = ({ state }: StoredTransfer): boolean => state !== 'queued' && state !== 'receiving'

export const createFiles = (parts: FilesParts) => {
  const { own, store, contacts, delivery, world, closing } = parts
  const { transfers, group } = store
  const listeners = new Set<(transfer: FileTransfer) => void>()
  /** whoever waits for an offer, or for the end of a transfer */
  const woken = new Set<() => void>()
  const wake = (): void => {
    for (const one of [...woken]) one()
  }

  const onChange = (row: StoredTransfer): void => {
    if (isOver(row)) wake()
    const transfer = describe(row)
    // Apart from the work on it: what a listener throws is not the transfer's failure.
    for (const listener of listeners) queueMicrotask(() => listener(transfer))
  }
  const outgoing = createOutgoingFiles({ store, world, onChange })
  const incoming = createIncomingFiles({ ...parts, onChange, onOffer: wake })

  const stateOf = (row: StoredTransfer): Pick<FileTransfer, 'state' | 'done'> => {
    const { size, chunks, state } = row
    const bytesOf = (held: number): number => (held === chunkCount(size) ? size : held * CHUNK_BYTES)
    if (state === 'queued') {
      const live = outgoing.live(row)
      return { state: live?.state ?? 'queued', done: bytesOf(live?.taken ?? 0) }
    }
    if (state === 'receiving') {
      const live = incoming.live(row)
      return { state: live === null ? 'waiting' : 'receiving', done: bytesOf(live?.kept ?? chunks) }
    }
    return { state, done: state === 'delivered' || state === 'saved' ? size : bytesOf(chunks) }
  }
  const describe = (row: StoredTransfer): FileTransfer => ({
    id: row.number,
    peer: encodeAddress(row.peer),
    direction: row.out ? 'out' : 'in',
    name: row.name,
    size: row.size,
    sha256: hex(row.hash),
    path: row.path,
    at: row.at,
    reason: row.reason,
    ...stateOf(row),
  })

  /** Looks again whenever something came, until there is something. @throws the signal's reason */
  const lookUntil = <T>(look: () => T | null, signal: AbortSignal | undefined): Promise<T | null> =>
    new Promise((resolve, reject) => {
      const end = (): void => {
        woken.delete(again)
        closing.removeEventListener('abort', again)
        signal?.removeEventListener('abort', again)
      }
      const again = (): void => {
        try {
          signal?.throwIfAborted()
          const found = closing.aborted ? null : look()
          if (found === null && !closing.aborted) return
          end()
          resolve(found)
        } catch (error) {
          end()
          reject(error)
        }
      }
      woken.add(again)
      closing.addEventListener('abort', again)
      signal?.addEventListener('abort', again)
      again()
    })

  const offerOf = (offer: Offer): FileOffer => ({
    peer: encodeAddress(offer.peer),
    name: offer.name,
    size: offer.size,
    sha256: hex(offer.hash),
    accept: async (folder) => describe(await incoming.accept(offer, folder)),
    refuse: () => incoming.refuse(offer),
  })

  const receive: Files['receive'] = async ({ from, signal } = {}) => {
    const peer = from === undefined ? null : idOf(contacts, from)
    const offer = await lookUntil(() => incoming.next(peer), signal)
    return offer === null ? null : offerOf(offer)
  }

  const watch: Files['watch'] = (listener) => {
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }

  /** Tells of one transfer until it is over. */
  const follow = (id: number, onProgress: (done: number, size: number) => void): void => {
    const end = watch((transfer) => {
      if (transfer.id !== id) return
      if (transfer.state === 'failed' || transfer.state === 'delivered') end()
      if (transfer.state === 'sending' || transfer.state === 'delivered') onProgress(transfer.done, transfer.size)
    })
  }

  const api: Files = {
    send: async (contact, given, { name, onProgress } = {}) => {
      const peer = idOf(contacts, contact)
      checkSendable(own, store, peer)
      const path = resolve(given)
      const called = safeFileName(name ?? basename(path))
      const file = await fingerprint(path)
      if (closing.aborted) throw new PeerError('ERR_PEER_CLOSED')
      const [id, secret] = [world.random(TRANSFER_ID_BYTES), secretKey(world.random(32))]
      const about = { peer, out: true, id, at: world.clock(), part: null, state: 'queued', reason: null } as const
      const row = await group.run(() => transfers.add({ ...about, ...file, name: called, path, secret }))
      if (onProgress !== undefined) follow(row.number, onProgress)
      onChange(row)
      outgoing.offer(peer)
      delivery.wake(peer)
      return describe(row)
    },
    receive,
    finished: async (id, { signal } = {}) => {
      const row = await lookUntil(() => {
        const now = transfers.get(id)
        if (now === null) throw new FileError('ERR_FILE_UNKNOWN')
        return isOver(now) ? now : null
      }, signal)
      if (row === null) throw new PeerError('ERR_PEER_CLOSED')
      if (row.state !== 'delivered' && row.state !== 'saved') throw errorOf(row.reason ?? 'ERR_FILE_REFUSED')
      return describe(row)
    },
    cancel: async (id) => {
      const row = transfers.get(id)
      const gaveUp = row !== null && (row.out ? outgoing.giveUp(row, 'ERR_FILE_WITHDRAWN') : incoming.giveUp(row))
      if (!(await gaveUp)) throw new FileError('ERR_FILE_UNKNOWN')
    },
    list: ({ contact, before = Number.MAX_SAFE_INTEGER, limit = LIST } = {}) =>
      transfers.list(contact === undefined ? null : idOf(contacts, contact), before, limit).map(describe),
    watch,
    async *[Symbol.asyncIterator]() {
      for (let offer = await receive(); offer !== null; offer = await receive()) yield offer
    },
  }

  return {
    api,
    attach: (peer: Uint8Array, line: FileLine): FileHandler => {
      const [theirs, ours] = [incoming.attach(peer, line), outgoing.attach(peer, line)]
      return {
        handle: (payload) =>
          payload.k === 'file' || payload.k === 'file-abort' ? theirs.handle(payload) : ours.handle(payload),
        chunk: theirs.chunk,
        detach: () => {
          theirs.detach()
          ours.detach()
        },
      }
    },
    /** Gives up what waits for a peer and was sent before that time: it cannot be delivered. */
    fail: async (peer: Uint8Array, reason: TransferReason, before: number): Promise<void> => {
      for (const row of transfers.open(peer, 'queued')) if (row.at < before) await outgoing.giveUp(row, reason)
    },
    /** Resolves when no file is open any more. */
    stop: async (): Promise<void> => {
      wake()
      await Promise.all([incoming.stop(), outgoing.stop()])
    },
  }
}
