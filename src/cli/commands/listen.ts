import { once } from 'node:events'
import type { Connection } from '../../connection/connection.ts'
import type { Notice } from '../../contacts/notice.ts'
import { encodeAddress } from '../../core/address.ts'
import { MESSAGE_BYTES_MAX } from '../../core/limits.ts'
import { isAboutFiles, readTyped, TYPED_HELP } from '../chat/command-line-input.ts'
import { createConversation, messageEvent } from '../chat/conversation.ts'
import { tendFiles } from '../chat/file-report.ts'
import { reportMessages } from '../chat/message-report.ts'
import { createRecipient } from '../chat/recipient.ts'
import type { CommandFile, Context } from '../context.ts'
import { readOwnLog } from '../identity/own-log.ts'
import { type IncomingFileFlags, incomingFileOptions, readIncomingFiles } from '../options/incoming-files.ts'
import { EXIT } from '../output/failure.ts'
import { listeningEvent } from '../output/listening-event.ts'
import { reportNotice } from '../output/notice.ts'

type Flags = IncomingFileFlags & {
  /** whether it keeps a mailbox for others as well */
  readonly mailbox?: boolean
}

export const listenCommand: CommandFile = (program, start) =>
  incomingFileOptions(program.command('listen'))
    .option('--mailbox', 'also keep a mailbox for those who name you as one')
    .summary('be found, and talk to whoever comes')
    .description(
      `Publishes where this peer is, and talks to all who come. What you type goes to the peer that connected or spoke last.\n\n${TYPED_HELP}`,
    )
    .addHelpText(
      'after',
      '\nExample:\n  handfast listen --accept-files --download ~/Downloads --bootstrap 127.0.0.1:4000',
    )
    .action((flags: Flags) => start((context) => listen(context, flags), EXIT.done))

const listen = async (context: Context, { mailbox = false, ...files }: Flags): Promise<number> => {
  const { folder, bootstrap, signal, terminal, passphrases, emit } = context
  terminal.status('publishing')
  const own = encodeAddress((await readOwnLog(folder)).id)
  const superseded = Promise.withResolvers<never>()
  const onNotice = (notice: Notice): void => {
    // With void keys nobody will talk to us any more: what is needed now is not patience.
    if (notice.type === 'superseded') superseded.reject(notice.error)
    else reportNotice(context, own, notice)
  }
  const { openPeer } = await import('../../peer/open.ts')
  await using peer = await openPeer({ folder, bootstrap, signal, passphrase: passphrases.current, onNotice, mailbox })
  const listener = await peer.listen({ signal })
  terminal.status('')
  emit(listeningEvent(peer.address, listener.publication))
  if (mailbox) emit({ event: 'keeping', address: peer.address })

  const recipient = createRecipient(context)
  const over = new AbortController()
  const ending = AbortSignal.any([signal, over.signal])
  const introduced = new Set<string>()
  const guests = new Set<Promise<void>>()

  const welcome = async (connection: Connection): Promise<void> => {
    const onActivity = (): void => recipient.turnTo(conversation, connection.remote.address)
    const { messages } = peer
    const conversation = createConversation(context, connection, {
      introduced,
      messages,
      files: peer.files,
      onActivity,
    })
    onActivity()
    try {
      await conversation.attend(ending)
    } catch {
      // Reported as disconnected; the others stay.
    } finally {
      recipient.leave(conversation)
      await connection.close()
      await conversation.settled()
    }
  }
  const takeAll = async (): Promise<void> => {
    for (;;) {
      const connection = await listener.accept({ signal: ending })
      if (connection === null) return
      const guest = welcome(connection)
      guests.add(guest)
      void guest.finally(() => guests.delete(guest))
    }
  }
  /** Messages come through connections and mailboxes alike, so they are read apart from both. */
  const hear = async (): Promise<void> => {
    for (;;) {
      const message = await peer.messages.receive({ signal: ending })
      if (message === null) return
      emit(messageEvent(message.peer, message.content))
      recipient.heardFrom(message.peer)
      peer.messages.take(message)
    }
  }
  const endReport = reportMessages(context, peer.messages)
  const desk = tendFiles(context, peer.files, { ...readIncomingFiles(files), signal: ending })
  const speak = async (): Promise<void> => {
    for await (const line of terminal.lines(MESSAGE_BYTES_MAX + 1, ending)) {
      const intent = readTyped(line)
      if (intent.kind === 'quit') return
      if (terminal.interactive && line === '') continue
      const said = isAboutFiles(intent) ? desk.say(intent) : recipient.say(intent)
      if (!terminal.interactive) await said
    }
    // The end of a pipe is not the end of the conversations; Ctrl-D is.
    if (terminal.interactive) await recipient.settled()
    else if (!ending.aborted) await once(ending, 'abort')
  }
  const works = [takeAll(), hear(), speak(), superseded.promise]
  for (const work of works) work.catch(() => {})
  try {
    await Promise.race(works)
  } finally {
    over.abort()
    endReport()
    desk.end()
    await Promise.all(guests)
  }
  return EXIT.done
}
