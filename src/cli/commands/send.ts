import { InvalidArgumentError } from 'commander'
import { UsageError } from '../../core/errors.ts'
import { MESSAGE_BYTES_MAX } from '../../core/limits/message-limits.ts'
import type { Message } from '../../messages/message.ts'
import type { PeerEvent } from '../../peer/peer-events.ts'
import { createDeliveries } from '../chat/deliveries.ts'
import { followPeer } from '../chat/follow.ts'
import { partnerOf } from '../chat/partner.ts'
import { publishQuietly } from '../chat/publish-quietly.ts'
import type { CommandFile, Context } from '../context.ts'
import { resolveContact, WHO } from '../options/contact.ts'
import { type TakeOverFlags, takeOverOption } from '../options/take-over.ts'
import { EXIT } from '../output/failure.ts'

type Flags = TakeOverFlags & { readonly wait: number }

export const sendCommand: CommandFile = (program, start) =>
  takeOverOption(program.command('send').argument('<contact>', WHO))
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

const send = async (context: Context, contact: string, { wait, takeOver }: Flags): Promise<number> => {
  const { folder, bootstrap, clockIsRight, signal, terminal, passphrases, emit } = context
  const address = await resolveContact(folder, contact)
  const text = await readMessage(context)
  const { openPeer } = await import('../../peer/open.ts')
  const opening = { folder, bootstrap, signal, passphrase: passphrases.current, clockIsRight, listen: false, takeOver }
  await using peer = await openPeer(opening)
  await publishQuietly(peer, signal)
  const deliveries = createDeliveries(peer.messages, address)
  const inMailboxes = new AbortController()
  /** the one that is sent here is the last that was written */
  let last: Message | null = null
  const hear = (event: PeerEvent): void => {
    if (event.type === 'delivery' && event.message.id >= (last?.id ?? 0)) last = event.message
    // Nothing more will come of waiting, unless this one is not among them.
    if (event.type === 'in-mailboxes' && last?.state !== 'queued') inMailboxes.abort()
    deliveries.hear(event)
  }
  const following = followPeer(context, peer, {
    ...{ signal, introduces: false, onEvent: hear },
    concerns: (event) =>
      event.type === 'clock' || (event.type !== 'message' && event.type !== 'offer' && partnerOf(event) === address),
  })
  following.catch(() => {})
  const deliver = async (): Promise<void> => {
    const waiting = AbortSignal.any([signal, inMailboxes.signal, AbortSignal.timeout(wait * 1000)])
    await deliveries.all(waiting).catch(() => signal.throwIfAborted())
  }
  try {
    await peer.messages.send(address, text)
    terminal.status('delivering')
    await Promise.race([deliver(), following])
    terminal.status('')
    const { left } = deliveries
    if (left > 0 && !inMailboxes.signal.aborted) emit({ event: 'waiting', peer: address, messages: left })
    return EXIT.done
  } finally {
    await peer.close()
    await following
  }
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
