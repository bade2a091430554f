import type { Connection } from '../../connection/connection.ts'
import type { Notice } from '../../contacts/notice.ts'
import type { Found } from '../../contacts/resolver.ts'
import { decodeAddress, encodeAddress } from '../../core/address.ts'
import { MESSAGE_BYTES_MAX } from '../../core/limits.ts'
import type { Peer } from '../../peer/peer.ts'
import { isAboutFiles, readTyped, TYPED_HELP } from '../chat/command-line-input.ts'
import { createConversation, messageEvent } from '../chat/conversation.ts'
import { tendFiles } from '../chat/file-report.ts'
import { allDelivered, lastWords, reportMessages, undelivered } from '../chat/message-report.ts'
import { publishQuietly } from '../chat/publish-quietly.ts'
import type { CommandFile, Context } from '../context.ts'
import { resolveContact } from '../options/contact.ts'
import { type IncomingFileFlags, incomingFileOptions, readIncomingFiles } from '../options/incoming-files.ts'
import { EXIT } from '../output/failure.ts'
import { reportNotice } from '../output/notice.ts'

type Flags = IncomingFileFlags & { readonly stay?: boolean }

export const chatCommand: CommandFile = (program, start) =>
  incomingFileOptions(program.command('chat').argument('<contact>', 'hf1…, or the name of a contact'))
    .option('--stay', 'when the piped input ends, stay until the other side leaves')
    .summary('talk to a peer')
    .description(
      `Connects to the owner of an address and talks. What is piped in is sent, and then it says goodbye.\n\n${TYPED_HELP}`,
    )
    .addHelpText(
      'after',
      '\nExamples:\n  handfast chat hf1… --bootstrap 127.0.0.1:4000\n  echo /file report.pdf | handfast chat hf1…',
    )
    .action((contact: string, flags: Flags) => start((context) => chat(context, contact, flags), EXIT.done))

/**
 * One conversation, until either side ends it.
 * @returns the exit code: that of a failure when something that was piped in did not go out
 */
const chat = async (context: Context, contact: string, flags: Flags): Promise<number> => {
  const { folder, bootstrap, signal, terminal, passphrases } = context
  const address = await resolveContact(folder, contact)
  const { openPeer } = await import('../../peer/open.ts')
  terminal.status('looking up and connecting')
  const onNotice = (notice: Notice): void => reportNotice(context, address, notice)
  await using peer = await openPeer({ folder, bootstrap, signal, passphrase: passphrases.current, onNotice })
  await publishQuietly(peer, signal)
  const connection = await connect(context, peer, address)
  terminal.status('')
  const { messages } = peer
  const conversation = createConversation(context, connection, { introduced: new Set(), messages, files: peer.files })
  const over = new AbortController()
  const ending = AbortSignal.any([signal, over.signal])
  const endReport = reportMessages(context, messages)
  const desk = tendFiles(context, peer.files, { ...readIncomingFiles(flags), from: address, signal: ending })

  const hear = async (): Promise<void> => {
    for (;;) {
      const message = await messages.receive({ from: address, signal: ending })
      if (message === null) return
      context.emit(messageEvent(message.peer, message.content))
      messages.take(message)
    }
  }
  /** What came before the other side left is told before its leaving. */
  const attend = async (): Promise<void> => {
    const hearing = hear()
    hearing.catch(() => {})
    await conversation.attend(ending)
  }
  const speak = async (): Promise<void> => {
    // One character more than a message may have, so that a line cut here is refused and not sent in part.
    for await (const line of terminal.lines(MESSAGE_BYTES_MAX + 1, ending)) {
      const intent = readTyped(line)
      if (intent.kind === 'quit') return lastWords(messages, address)
      if (terminal.interactive && line === '') continue
      const said = isAboutFiles(intent) ? desk.say(intent) : conversation.say(intent)
      if (!terminal.interactive) await said
    }
    await Promise.all([conversation.settled(), allDelivered(messages, address, ending), desk.settled()])
    if (flags.stay) await attending
  }
  const attending = attend()
  const speaking = speak()
  for (const work of [attending, speaking]) work.catch(() => {})
  try {
    await Promise.race([attending, speaking])
  } finally {
    over.abort()
    await connection.close()
    await conversation.settled()
    endReport()
    desk.end()
  }
  const left = undelivered(messages, address)
  if (left > 0) context.emit({ event: 'waiting', peer: address, messages: left })
  return !terminal.interactive && conversation.failures + desk.failures + left > 0 ? EXIT.failed : EXIT.done
}

/** What became of the identity is told here when there will be no connection to tell it: it is told once. */
const connect = async ({ signal, emit }: Context, peer: Peer, address: string): Promise<Connection> => {
  let change: Found['change'] = 'none'
  const onFound = (found: Found): void => {
    change = found.change
  }
  try {
    return await peer.connect(address, { signal, onFound })
  } catch (error) {
    if (change !== 'none') emit({ event: 'changed', peer: encodeAddress(decodeAddress(address)), change })
    throw error
  }
}
