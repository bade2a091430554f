import { FileError, UsageError } from '../../core/errors.ts'
import { openFiles } from '../../peer/stored-files.ts'
import { cancelledEvent, fileEvent } from '../chat/file-report.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../output/failure.ts'
import { resolve } from './contacts.ts'

export type FilesOptions = {
  readonly contact: string | undefined
  readonly limit: number
  readonly before: number | undefined
  /** the file to give up; without one nothing is changed */
  readonly cancel: number | undefined
}

/** `handfast files`: what became of files, sent and received; or one of them is given up. */
export const files = async (context: Context, { contact, limit, before, cancel }: FilesOptions): Promise<number> => {
  const { folder, passphrases, emit } = context
  if (limit < 1) throw new UsageError('ERR_USAGE', { hint: '--limit begins at 1' })
  if (cancel !== undefined && contact !== undefined)
    throw new UsageError('ERR_USAGE', { hint: '--cancel takes no contact: its number says which one' })
  const address = contact === undefined ? undefined : await resolve(folder, contact)
  await using own = await openFiles(folder, passphrases.current)
  if (cancel === undefined) {
    for (const transfer of own.list({ contact: address, limit, before })) emit(fileEvent(transfer))
    return EXIT.done
  }
  const [transfer] = own.list({ before: cancel + 1, limit: 1 })
  if (transfer?.id !== cancel) throw new FileError('ERR_FILE_UNKNOWN')
  await own.cancel(cancel)
  emit(cancelledEvent(transfer))
  return EXIT.done
}
