import { InvalidArgumentError } from 'commander'
import type { Notice } from '../../contacts/notice.ts'
import { UsageError } from '../../core/errors.ts'
import { MESSAGE_BYTES_MAX } from '../../core/limits.ts'
import { allDelivered, reportMessages, undelivered } from '../chat/message-report.ts'
import { publishQuietly } from '../chat/publish-quietly.ts'
import type { CommandFile, Context } from '../context.ts'
import { resolveContact } from '../options/contact.ts'
import { EXIT } from '../output/failure.ts'
import { reportNotice } from '../output/notice.ts'

type Flags = { readonly wait: number }

export const sendCommand: CommandFile = (program, start) =>
  program
    .command('send')
    .argument('<contact>', 'a name, or hf1…')
    .option('--wait <seconds>', 'how long to try to deliver it now', readSeconds, 30)
    .summary('send what is piped in as one message, now or later')
    .description(
      'Writes what is piped in down as one message. It is delivered at once when the other side can be reached; otherwise it is kept, and handfast listen or chat delivers it.',
    )
    .addHelpText('after', '\nExample:\n  echo hello | handfast send Bob')
    .action((contact: string, flags: Flags) => start((context) => send(context, contact, flags)))

const readSeconds = (text: string): number => {
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError('It is a number of seconds.')
  return Number(text)
}

const send = async (context: Context, contact: string, { wait }: Flags): Promise<number> => {
  const { folder, bootstrap, signal, terminal, passphrases, emit } = context
  const address = await resolveContact(folder, contact)
  const text = await readMessage(context)
  const { openPeer } = await import('../../peer/open.ts')
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
