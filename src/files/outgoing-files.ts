import type { FilePayload } from '../connection/payloads.ts'
import { hex } from '../core/bytes.ts'
import type { FileErrorCode } from '../core/errors/codes.ts'
import type { SecretKey } from '../core/kdf.ts'
import { FILES_AT_ONCE } from '../core/limits.ts'
import type { World } from '../core/world.ts'
import type { Store } from '../store/store.ts'
import type { StoredTransfer, TransferReason } from '../store/transfer-store.ts'
import { createAnswers, type FileLine } from './file-line.ts'
import { openSending, type Sending } from './sending.ts'

/** Our files: each is offered on the newest connection to its recipient, and again on the next one, until it is there. */

export type OutgoingPayload = Extract<
  FilePayload,
  { k: 'file-accept' | 'file-refuse' | 'file-taken' | 'file-done' | 'file-ask' }
>

export type OutgoingFiles = {
  attach(peer: Uint8Array, line: FileLine): { handle(payload: OutgoingPayload): void; detach(): void }
  /** Something of ours waits for `peer`. */
  offer(peer: Uint8Array): void
  /** What it does on a connection, if it is on one. */
  live(row: StoredTransfer): Pick<Sending, 'state' | 'taken'> | null
  /** Gives up one that is under way, and says so. @returns whether it was */
  giveUp(row: StoredTransfer, reason: TransferReason): Promise<boolean>
  /** Resolves when no file is open any more. */
  stop(): Promise<void>
}

export type TransferParts = {
  readonly store: Store
  readonly world: World
  /** Told of each transfer whose state changed or that went on, once that is on disk. */
  readonly onChange: (row: StoredTransfer) => void
}

type Open = {
  readonly peer: Uint8Array
  readonly line: FileLine
  readonly answer: (payload: FilePayload) => void
}
type Bound = { readonly row: StoredTransfer; readonly at: Open; readonly sending: Sending }

/** What the other side may say of its reasons; anything else is only that it did not take the file. */
const REFUSALS: readonly FileErrorCode[] = ['ERR_FILE_FULL', 'ERR_FILE_CORRUPT', 'ERR_FILE_LIMIT']
/** What we say of ours. */
const ABORTS: readonly FileErrorCode[] = ['ERR_FILE_CHANGED', 'ERR_FILE_READ', 'ERR_FILE_CORRUPT', 'ERR_FILE_EXPIRED']

const abortOf = (reason: TransferReason | null): FileErrorCode =>
  ABORTS.find((code) => code === reason) ?? 'ERR_FILE_WITHDRAWN'

const keyOf = (peer: Uint8Array, id: Uint8Array): string => `${hex(peer)}/${hex(id)}`

export const createOutgoingFiles = ({ store, world, onChange }: TransferParts): OutgoingFiles => {
  const { transfers, group } = store
  const lines = new Set<Open>()
  const bound = new Map<string, Bound>()
  const closing = new Set<Promise<void>>()

  const unbind = ({ row, sending }: Bound): void => {
    bound.delete(keyOf(row.peer, row.id))
    const closed = sending.stop().finally(() => closing.delete(closed))
    closing.add(closed)
  }

  /** A failing disk leaves it waiting for the next connection. */
  const finish = async (
    row: StoredTransfer,
    state: 'delivered' | 'failed',
    reason: TransferReason | null,
  ): Promise<boolean> => {
    const known = bound.get(keyOf(row.peer, row.id))
    if (known !== undefined) unbind(known)
    const ended = await group.run(() => transfers.finish(row.number, state, reason))
    if (ended === null) return false
    onChange(ended)
    offer(row.peer)
    return true
  }
  const fail = async (at: Open, row: StoredTransfer, code: FileErrorCode): Promise<void> => {
    await finish(row, 'failed', code)
    at.answer({ k: 'file-abort', id: row.id, code: abortOf(code) })
  }

  const bind = (row: StoredTransfer, secret: SecretKey, at: Open): void => {
    const sending = openSending(row, secret, at.line, world, {
      progress: () => onChange(row),
      fail: (code) => void fail(at, row, code).catch(() => {}),
    })
    bound.set(keyOf(row.peer, row.id), { row, at, sending })
    onChange(row)
  }

  /** The newest line is the one whose other end is there for sure: after a crash the older one may be dead and not know it. */
  const offer = (peer: Uint8Array): void => {
    const at = [...lines].findLast((line) => hex(line.peer) === hex(peer))
    if (at === undefined) return
    for (const row of transfers.open(peer, 'queued').slice(0, FILES_AT_ONCE)) {
      const known = bound.get(keyOf(peer, row.id))
      if (known?.at === at || row.secret === null) continue
      if (known !== undefined) unbind(known)
      bind(row, row.secret, at)
    }
  }

  /** They hold a part of what we do not send any more: they need not keep it. */
  const answerUnknown = (at: Open, id: Uint8Array): void => {
    const row = transfers.find(at.peer, true, id)
    if (row === null || row.state === 'failed') at.answer({ k: 'file-abort', id, code: abortOf(row?.reason ?? null) })
  }

  const handle = (at: Open, payload: OutgoingPayload): void => {
    const known = bound.get(keyOf(at.peer, payload.id))
    if (known?.at !== at) {
      if (payload.k === 'file-accept' || payload.k === 'file-ask') answerUnknown(at, payload.id)
      return
    }
    const { row, sending } = known
    if (payload.k === 'file-accept') sending.accept(payload.from)
    else if (payload.k === 'file-taken') sending.grant(payload.n)
    else if (payload.k === 'file-done') void finish(row, 'delivered', null).catch(() => {})
    else if (payload.k === 'file-refuse') {
      const reason = REFUSALS.find((code) => code === payload.code) ?? 'ERR_FILE_REFUSED'
      void finish(row, 'failed', reason).catch(() => {})
    }
  }

  return {
    attach: (peer, line) => {
      const at: Open = { peer, line, answer: createAnswers(line) }
      lines.add(at)
      offer(peer)
      return {
        handle: (payload) => handle(at, payload),
        detach: () => {
          lines.delete(at)
          for (const one of [...bound.values()]) {
            if (one.at !== at) continue
            unbind(one)
            onChange(one.row)
          }
          offer(peer)
        },
      }
    },
    offer,
    live: (row) => bound.get(keyOf(row.peer, row.id))?.sending ?? null,
    giveUp: async (row, reason) => {
      const at = bound.get(keyOf(row.peer, row.id))?.at
      const gaveUp = await finish(row, 'failed', reason)
      if (gaveUp) at?.answer({ k: 'file-abort', id: row.id, code: abortOf(reason) })
      return gaveUp
    },
    stop: async () => {
      lines.clear()
      for (const one of [...bound.values()]) unbind(one)
      await Promise.all(closing)
    },
  }
}
