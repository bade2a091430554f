import { tooLarge } from '../../core/errors/sizes.ts'
import { MessageError, UsageError } from '../../core/errors.ts'
import { MESSAGE_BYTES_MAX } from '../../core/limits/message-limits.ts'
import type { Peer } from '../../peer/peer.ts'
import { deliverNow } from '../chat/deliver-now.ts'
import type { CommandFile, Context } from '../context.ts'
import { resolveContact, WHO } from '../options/contact.ts'
import { openQuietPeer } from '../options/quiet-peer.ts'
import { readSeconds } from '../options/seconds.ts'
import { type TakeOverFlags, takeOverOption } from '../options/take-over.ts'
import { EXIT } from '../output/failure.ts'
import { wholeText } from '../terminal/lines.ts'

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

const send = async (context: Context, contact: string, { wait, takeOver }: Flags): Promise<number> => {
  const address = await resolveContact(context.folder, contact)
  const text = await readMessage(context)
  const open = (): Promise<Peer> => openQuietPeer(context, { takeOver })
  await deliverNow(context, { address, wait, open, write: (peer) => peer.messages.send(address, text) })
  return EXIT.done
}

/** A newline, which ends what is piped in and is no part of it, in bytes. */
const NEWLINE_MAX = 2

/** All of stdin, byte for byte, without the newline at its end. */
const readMessage = async ({ terminal, signal }: Context): Promise<string> => {
  const limit = MESSAGE_BYTES_MAX + NEWLINE_MAX
  const given = await terminal.whole(limit, signal)
  signal.throwIfAborted()
  if (given.fault === 'length')
    throw new MessageError('ERR_MESSAGE_SIZE', { hint: tooLarge(given.bytes, MESSAGE_BYTES_MAX) })
  const text = wholeText(given, limit).replace(/\r?\n$/, '')
  if (text === '')
    throw new UsageError('ERR_USAGE', { hint: 'nothing to send: pipe a message in, or type it and end with Ctrl-D' })
  return text
}
