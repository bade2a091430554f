import { basename } from 'node:path'
import type { Connection, Incoming } from '../../connection/connection.ts'
import { UsageError } from '../../core/errors.ts'
import type { Files } from '../../files/file-api.ts'
import type { Messages } from '../../messages/message-api.ts'
import type { Context } from '../context.ts'
import type { CliEvent } from '../output/events.ts'
import { reasonOf } from '../output/failure.ts'
import type { Said } from './command-line-input.ts'

/** One connection at the command line: reports what comes, sends what was typed, and moves files in both directions meanwhile. */
export type Conversation = {
  /**
   * Reports what comes until the other side leaves.
   * @throws what broke the connection; the signal's reason
   */
  attend(signal: AbortSignal): Promise<void>
  /** Writes a text down to be delivered, or begins to send a file. What goes wrong is reported, and never thrown. */
  say(intent: Said): Promise<void>
  /** Resolves when no file that was typed is on its way any more, or the connection has ended. */
  settled(): Promise<void>
  /** how many lines and files did not go out */
  readonly failures: number
}

export type ConversationOptions = {
  /** addresses whose safety number has been shown */
  readonly introduced: Set<string>
  /** where texts are written down to be delivered */
  readonly messages: Pick<Messages, 'send'>
  readonly files: Pick<Files, 'send' | 'finished'>
  /** called for every message */
  readonly onActivity?: () => void
}

export const createConversation = (
  { emit }: Pick<Context, 'emit'>,
  connection: Connection,
  { introduced, messages, files, onActivity }: ConversationOptions,
): Conversation => {
  const { address: peer, epoch, seq, head, trust, direction, change, safetyNumber } = connection.remote
  const transfers = new Set<Promise<void>>()
  let failures = 0

  const introduce = (): void => {
    emit({ event: 'connected', peer, direction, epoch, seq, head, trust, change })
    if (introduced.has(peer)) return
    introduced.add(peer)
    emit({ event: 'safety-number', peer, safetyNumber })
  }

  /** Work that goes on while the conversation does. */
  const inBackground = (work: Promise<void>): void => {
    transfers.add(work)
    void work.finally(() => transfers.delete(work))
  }

  const settled = async (): Promise<void> => {
    while (transfers.size > 0) await Promise.all(transfers)
  }

  /** What becomes of it is reported with all other files; it goes on when this connection ends before it is there. */
  const sendFile = async (path: string): Promise<void> => {
    const { id } = await files.send(peer, path).catch((error: unknown) => {
      failures += 1
      emit({ event: 'file-failed', peer, direction: 'out', name: basename(path), ...reasonOf(error) })
      return { id: null }
    })
    if (id === null) return
    const arrived = files.finished(id).then(
      () => true,
      () => false,
    )
    if (!(await Promise.race([arrived, connection.closed.then(() => false)]))) failures += 1
  }

  const report = (item: Incoming): void => {
    emit(messageEvent(peer, item.type === 'text' ? item.text : item.data))
  }

  return {
    attend: async (signal) => {
      introduce()
      try {
        for (;;) {
          const item = await connection.receive({ signal })
          if (item === null) break
          onActivity?.()
          report(item)
        }
        // A file may have arrived at the last moment.
        await settled()
        emit({ event: 'disconnected', peer, reason: 'left', code: null })
      } catch (error) {
        if (!signal.aborted) emit({ event: 'disconnected', peer, reason: 'lost', code: reasonOf(error).code })
        throw error
      }
    },
    say: async (intent) => {
      if (intent.kind === 'file') return inBackground(sendFile(intent.path))
      try {
        if (intent.kind === 'unknown') throw new UsageError('ERR_USAGE', { hint: UNKNOWN })
        await messages.send(peer, intent.text)
      } catch (error) {
        failures += 1
        emit({ event: 'not-sent', text: intent.text, ...reasonOf(error) })
      }
    },
    settled,
    get failures() {
      return failures
    },
  }
}

/** What another side said, in a message or in passing. */
export const messageEvent = (peer: string, content: string | Uint8Array): CliEvent<'message' | 'data'> =>
  typeof content === 'string'
    ? { event: 'message', peer, text: content }
    : { event: 'data', peer, size: content.length, base64: Buffer.from(content).toString('base64') }

const UNKNOWN = 'there is /file PATH, /files, /cancel and /quit; a text that begins with / is typed as //'
