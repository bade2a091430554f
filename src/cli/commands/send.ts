import type { Notice } from '../../contacts/notice.ts'
import { UsageError } from '../../core/errors.ts'
import { MESSAGE_BYTES_MAX } from '../../core/limits.ts'
import { openPeer } from '../../peer/open.ts'
import { allDelivered, reportMessages, undelivered } from '../chat/message-report.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../output/failure.ts'
import { reportNotice } from '../output/notice.ts'
import { resolve } from './contacts.ts'
import { publishQuietly } from './publish.ts'

export type SendOptions = { readonly contact: string; readonly wait: number }

/** `handfast send`: writes what is piped in down as one message, and tries for a while to deliver it. */
export const send = async (context: Context, { contact, wait }: SendOptions): Promise<number> => {
  const { folder, bootstrap, signal, terminal, passphrases, emit } = context
  const address = await resolve(folder, contact)
  const text = await readMessage(context)
  const mailed = new AbortController()
  const onNotice = (notice: Notice): void => {
    reportNotice(context, address, notice)
    // Nothing more will come of waiting, unless this one is not among them.
    if (notice.type === 'mailed' && peer.messages.history(address, { limit: 1 })[0]?.state !== 'queued') mailed.abort()
  }
  await using peer = await openPeer({ folder, bootstrap, signal, passphrase: passphrases.current, onNotice })
  const { messages } = peer
  await publishQuietly(peer, signal)
  const endReport = reportMessages(context, messages)
  await messages.send(address, text)
  terminal.status('delivering')
  const waiting = AbortSignal.any([signal, mailed.signal, AbortSignal.timeout(wait * 1000)])
  await allDelivered(messages, address, waiting).catch(() => signal.throwIfAborted())
  terminal.status('')
  endReport()
  const left = undelivered(messages, address)
  if (left > 0 && !mailed.signal.aborted) emit({ event: 'waiting', peer: address, messages: left })
  return EXIT.done
}

/** All of stdin, without the newline at its end. */
const readMessage = async ({ terminal, signal }: Context): Promise<string> => {
  const lines: string[] = []
  let size = 0
  for await (const line of terminal.lines(MESSAGE_BYTES_MAX + 1, signal)) {
    lines.push(line)
    size += line.length + 1
    // Longer than a message can be: it is refused as that, and not read to its end.
    if (size > MESSAGE_BYTES_MAX + 1) break
  }
  signal.throwIfAborted()
  const text = lines.join('\n')
  if (text === '')
    throw new UsageError('ERR_USAGE', { hint: 'nothing to send: pipe a message in, or type it and end with Ctrl-D' })
  return text
}
