import { UsageError } from '../../core/errors.ts'
import { openHistory } from '../../peer/open.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../output/failure.ts'
import { resolve } from './contacts.ts'

export type MessagesOptions = { readonly contact: string; readonly limit: number; readonly before: number | undefined }

/** `handfast messages`: what was said with a contact, both ways. */
export const messages = async (context: Context, { contact, limit, before }: MessagesOptions): Promise<number> => {
  const { folder, passphrases, emit } = context
  if (limit < 1) throw new UsageError('ERR_USAGE', { hint: '--limit begins at 1' })
  const address = await resolve(folder, contact)
  using history = await openHistory(folder, passphrases.current)
  for (const message of history.read(address, before === undefined ? { limit } : { limit, before })) {
    const { id, peer, direction, at, state, reason, content } = message
    const said =
      typeof content === 'string' ? { text: content, base64: null } : { text: null, base64: toBase64(content) }
    emit({ event: 'past-message', id, peer, direction, at: Math.floor(at / 1000), state, code: reason, ...said })
  }
  return EXIT.done
}

const toBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
