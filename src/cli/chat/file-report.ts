import { join } from 'node:path'
import { errorOf, FileError, UsageError } from '../../core/errors.ts'
import type { FileOffer, Files, FileTransfer } from '../../files/file-api.ts'
import type { Context } from '../context.ts'
import type { IncomingFiles } from '../options/incoming-files.ts'
import type { CliEvent } from '../output/events.ts'
import { reasonOf } from '../output/failure.ts'
import type { Progress } from '../terminal/progress.ts'
import type { FileIntent } from './command-line-input.ts'

/** What becomes of files: offers are taken or refused as the owner said at the start, and whatever is on its way is shown. */
export type FileDesk = {
  /** Resolves when none of ours is on its way any more, or the signal has ended the wait. */
  settled(): Promise<void>
  /** Tells what is under way, or gives it up. What goes wrong is reported, and never thrown. */
  say(intent: FileIntent): Promise<void>
  /** how often that went wrong */
  readonly failures: number
  /** Ends the watch, and tells what is kept until its recipient is there again. */
  end(): void
}

export type FileDeskOptions = IncomingFiles & {
  /** only files of this address are taken */
  readonly from?: string | undefined
  readonly signal: AbortSignal
}

type Shown = { readonly bar: ReturnType<Progress['begin']>; moving: boolean }

const isMoving = ({ state }: FileTransfer): boolean => state === 'sending' || state === 'receiving'

const OPEN: ReadonlySet<FileTransfer['state']> = new Set(['queued', 'offered', 'sending', 'waiting', 'receiving'])
const isOpen = ({ state }: FileTransfer): boolean => OPEN.has(state)

export const fileEvent = (transfer: FileTransfer): CliEvent<'file'> => {
  const { id, peer, direction, name, size, done, at, state, reason, path, sha256 } = transfer
  const when = Math.floor(at / 1000)
  return { event: 'file', id, peer, direction, name, size, done, at: when, state, code: reason, path, sha256 }
}

export const cancelledEvent = ({ id, peer, direction, name, size }: FileTransfer): CliEvent<'file-cancelled'> => ({
  ...{ event: 'file-cancelled', id, peer, direction, name, size },
})

/** Only its sender takes a file back, and only by giving it up: that is told where it was asked for. */
const isTakenBack = ({ direction, reason }: FileTransfer): boolean =>
  direction === 'out' && reason === 'ERR_FILE_WITHDRAWN'

export const tendFiles = (
  { folder, progress, emit }: Pick<Context, 'folder' | 'progress' | 'emit'>,
  files: Files,
  { acceptFiles, download, from, signal }: FileDeskOptions,
): FileDesk => {
  const shown = new Map<number, Shown>()
  let failures = 0

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
    else if (state === 'failed' && !isTakenBack(transfer))
      emit({ event: 'file-failed', peer, direction, name, ...reasonOf(errorOf(reason ?? 'ERR_FILE_REFUSED')) })
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

  /** @throws UsageError when it could be several; FileError ERR_FILE_UNKNOWN */
  const choose = (id: number | null): FileTransfer => {
    const [one, ...others] = open().filter((transfer) => id === null || transfer.id === id)
    if (one === undefined) throw new FileError('ERR_FILE_UNKNOWN')
    if (others.length > 0) throw new UsageError('ERR_USAGE', { hint: 'which one? /files shows their numbers' })
    return one
  }
  const cancel = async (id: number | null): Promise<void> => {
    const one = choose(id)
    await files.cancel(one.id)
    emit(cancelledEvent(one))
  }

  return {
    say: async (intent) => {
      if (intent.kind === 'files') for (const transfer of open()) emit(fileEvent(transfer))
      else
        await cancel(intent.id).catch((error: unknown) => {
          failures += 1
          emit({ event: 'not-sent', text: intent.text, ...reasonOf(error) })
        })
    },
    get failures() {
      return failures
    },
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
