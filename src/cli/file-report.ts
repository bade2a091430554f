import { join } from 'node:path'
import { PeerError } from '../core/errors.ts'
import type { FileOffer, Files, FileTransfer } from '../peer/files.ts'
import type { Context, FileOptions } from './context.ts'
import { reasonOf } from './failure.ts'
import type { Progress } from './progress.ts'

/** What becomes of files: offers are taken or refused as the owner said at the start, and whatever is on its way is shown. */
export type FileDesk = {
  /** Resolves when none of ours is on its way any more, or the signal has ended the wait. */
  settled(): Promise<void>
  /** Ends the watch, and tells what is kept until its recipient is there again. */
  end(): void
}

export type FileDeskOptions = FileOptions & {
  /** only files of this address are taken */
  readonly from?: string | undefined
  readonly signal: AbortSignal
}

type Shown = { readonly bar: ReturnType<Progress['begin']>; moving: boolean }

const isMoving = ({ state }: FileTransfer): boolean => state === 'sending' || state === 'receiving'

const OPEN: ReadonlySet<FileTransfer['state']> = new Set(['queued', 'offered', 'sending', 'waiting', 'receiving'])
const isOpen = ({ state }: FileTransfer): boolean => OPEN.has(state)

export const tendFiles = (
  { folder, progress, emit }: Pick<Context, 'folder' | 'progress' | 'emit'>,
  files: Files,
  { acceptFiles, download, from, signal }: FileDeskOptions,
): FileDesk => {
  const shown = new Map<number, Shown>()

  const show = (transfer: FileTransfer): void => {
    const { id, peer, direction, name, size, done } = transfer
    const one = shown.get(id) ?? { bar: progress.begin(name, done), moving: false }
    shown.set(id, one)
    if (!one.moving && done > 0) emit({ event: 'file-resumed', peer, direction, name, size, done })
    one.moving = true
    one.bar.update(done, size)
  }
  const stopShowing = (id: number): void => {
    shown.get(id)?.bar.end()
    shown.delete(id)
  }

  const report = (transfer: FileTransfer): void => {
    const { id, peer, direction, name, size, path, sha256, state, reason } = transfer
    if (isMoving(transfer)) show(transfer)
    else stopShowing(id)
    if (state === 'saved') emit({ event: 'file-saved', peer, name, size, path })
    else if (state === 'delivered') emit({ event: 'file-sent', peer, name, size, sha256 })
    else if (state === 'failed')
      emit({ event: 'file-failed', peer, direction, name, ...reasonOf(new PeerError(reason ?? 'ERR_FILE_REFUSED')) })
  }
  const endWatch = files.watch(report)
  const open = (): readonly FileTransfer[] =>
    files.list({ contact: from, limit: Number.MAX_SAFE_INTEGER }).filter(isOpen)

  const decide = async (offer: FileOffer): Promise<void> => {
    const { peer, name, size } = offer
    emit({ event: 'file-offered', peer, name, size, accepted: acceptFiles })
    // What goes wrong here is told by the watch, as what goes wrong later is.
    await (acceptFiles ? offer.accept(download ?? join(folder, 'received')) : offer.refuse()).catch(() => {})
  }
  const takeOffers = async (): Promise<void> => {
    for (;;) {
      const offer = await files.receive({ from, signal })
      if (offer === null) return
      await decide(offer)
    }
  }
  takeOffers().catch(() => {})

  return {
    settled: async () => {
      const ours = open().filter(({ direction }) => direction === 'out')
      await Promise.allSettled(ours.map(({ id }) => files.finished(id, { signal })))
    },
    end: () => {
      endWatch()
      for (const id of [...shown.keys()]) stopShowing(id)
      for (const { peer, direction, name, size, done } of open())
        emit({ event: 'file-waiting', peer, direction, name, size, done })
    },
  }
}
