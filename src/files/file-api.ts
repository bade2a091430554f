import { encodeAddress } from '../core/address.ts'
import { hex } from '../core/bytes.ts'
import { chunkCount } from '../core/chunk.ts'
import type { FileErrorCode } from '../core/errors/codes.ts'
import { CHUNK_BYTES } from '../core/limits/file-limits.ts'
import type { StoredTransfer, TransferReason } from '../store/transfer-rows.ts'

/** Files as an application sees them. */

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
   * Sent ones: `queued` until there is a connection, `offered` on one, `sending`, `delivered`, which can become `queued` again or `gone` when
   * the other side's folder went back. Received ones: `waiting` for their sender, `receiving`, `saved`, `refused` here. Either: `failed` for
   * the `reason`.
   */
  readonly state:
    | 'queued'
    | 'offered'
    | 'sending'
    | 'delivered'
    | 'gone'
    | 'waiting'
    | 'receiving'
    | 'saved'
    | 'refused'
    | 'failed'
  /**
   * why it `failed`; of one that waits on a connection `ERR_FILE_FULL`, while the disk of the receiving side has no room for it, `ERR_FILE_DAY` or
   * `ERR_FILE_TOTAL`, while its recipient takes no more of us
   */
  readonly reason: TransferReason | null
  /** It went to, or was offered from, keys that their owner took back since, as stolen or lost: whoever had them may have it, or have made it. */
  readonly exposed: boolean
}

/** A file somebody offers. Nothing of it is received before it is accepted; there is one decision on each. */
export type FileOffer = Pick<FileTransfer, 'peer' | 'name' | 'size' | 'sha256'> & {
  /**
   * Has it received into `folder`, now and whenever its sender is there again, as soon as there is room on the disk; an existing file of that
   * name is left alone. Resolves once that decision is on disk, however long that takes on a full one.
   * @throws FileError ERR_FILE_FULL (it is larger than the disk), ERR_FILE_WRITE (it is refused then), ERR_FILE_REFUSED (decided before), ERR_FILE_LIMIT (its sender
   *   left, and has offered too many others), or why its sender took it back; ERR_FILE_DAY, ERR_FILE_TOTAL when it is more than its sender may
   *   send (`contacts.limit`): then nothing is decided, and it can be accepted later
   */
  accept(folder: string, options?: AcceptFileOptions): Promise<FileTransfer>
  /** @throws FileError ERR_FILE_REFUSED (decided before), ERR_FILE_LIMIT (as `accept`), or why its sender took it back */
  refuse(): Promise<void>
}

/** How a file is accepted. */
export type AcceptFileOptions = {
  /** a person wants this one, whatever else its sender has sent. Default: false */
  readonly beyondLimits?: boolean | undefined
}

/** How a file is sent. */
export type SendFileOptions = {
  /** the name the other side sees; default: the path's last part */
  readonly name?: string | undefined
  /** called with bytes the other side has on disk, and bytes in all, as long as this process runs */
  readonly onProgress?: ((done: number, size: number) => void) | undefined
}

/** Whose offers are taken, and until when. */
export type TakeOffersOptions = {
  /** the name of a contact, an address, or a link; default: anybody's */
  readonly from?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Files that arrive whole, once, or not at all. Iterating takes what others offer, as `offers` does. Wherever a peer is named, that is the
 * name of a contact, an address, or a link.
 */
export type Files = AsyncIterable<FileOffer> & {
  /**
   * Reads a file through and writes down that it is to be sent; resolves once that is on disk, and from then on it is on its way, also
   * after a restart. It must stay as it is until it is `delivered`.
   * @throws FileError ERR_FILE_READ, _SIZE, _NAME, _CHANGED (while it was read); PeerError ERR_PEER_CLOSED, _SELF, _RETIRED; ContactError
   *   ERR_CONTACT; AddressError; StoreError; KeyLogError ERR_LOG_FORK while two logs of the contact contradict each other
   */
  send(who: string, path: string, options?: SendFileOptions): Promise<FileTransfer>
  /**
   * The files that are offered from now on, and those nobody has taken yet. The loop ends when the signal is aborted or the peer closes.
   * @throws ContactError ERR_CONTACT; AddressError
   */
  offers(options?: TakeOffersOptions): AsyncIterable<FileOffer>
  /** The next file that is offered; null once the peer is closed. @throws the signal's reason; ContactError ERR_CONTACT; AddressError */
  receive(options?: TakeOffersOptions): Promise<FileOffer | null>
  /**
   * Resolves when it is `delivered` or `saved`, however long that takes.
   * @throws FileError or PeerError with the `reason` when it failed; FileError ERR_FILE_REFUSED when it was refused here, ERR_FILE_UNKNOWN;
   *   PeerError ERR_PEER_CLOSED; the signal's reason
   */
  finished(id: number, options?: { readonly signal?: AbortSignal | undefined }): Promise<FileTransfer>
  /** Gives up a file that is under way, on both sides; what is there of it is removed. @throws FileError ERR_FILE_UNKNOWN */
  cancel(id: number): Promise<void>
  /**
   * What was received of a peer counts no more against what it may send (`contacts.limit`): its owner has dealt with it. The files stay where
   * they are. @throws ContactError ERR_CONTACT; AddressError; StoreError
   */
  clear(who: string): void
  /**
   * The latest `limit` (default 100) files of one peer or of all, with an id below `before`, oldest first.
   * @throws ContactError ERR_CONTACT; AddressError
   */
  list(options?: {
    readonly who?: string | undefined
    readonly before?: number | undefined
    readonly limit?: number | undefined
  }): readonly FileTransfer[]
}

/** What a transfer does on a connection, with the chunks that are certainly on the disk of the receiving side. */
export type Live = {
  readonly state: 'offered' | 'sending' | 'receiving' | 'waiting'
  readonly chunks: number
  /** why it waits, when that is not for its sender alone */
  readonly reason?: FileErrorCode
}

/** Told of each transfer whose state changed or that went on, once that is on disk. */
export type Changed = (row: StoredTransfer, live: Live | null) => void

export const isOver = ({ state }: StoredTransfer): boolean => state !== 'queued' && state !== 'receiving'

const stateOf = (row: StoredTransfer, live: Live | null): Pick<FileTransfer, 'state' | 'done'> => {
  const { size, state } = row
  const bytesOf = (chunks: number): number => (chunks === chunkCount(size) ? size : chunks * CHUNK_BYTES)
  const done = bytesOf(live?.chunks ?? row.chunks)
  if (state === 'queued') return { state: live?.state ?? 'queued', done }
  if (state === 'receiving') return { state: live?.state ?? 'waiting', done }
  return { state, done: state === 'delivered' || state === 'gone' || state === 'saved' ? size : bytesOf(row.chunks) }
}

export const describeTransfer = (row: StoredTransfer, live: Live | null): FileTransfer => ({
  id: row.number,
  peer: encodeAddress(row.peer),
  direction: row.out ? 'out' : 'in',
  name: row.name,
  size: row.size,
  sha256: hex(row.hash),
  path: row.path,
  at: row.at,
  reason: row.reason ?? live?.reason ?? null,
  exposed: row.exposed,
  ...stateOf(row, live),
})
