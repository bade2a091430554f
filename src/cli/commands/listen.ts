import { once } from 'node:events'
import { TYPED_HELP } from '../chat/command-line-input.ts'
import { createFilesUnderWay } from '../chat/files-under-way.ts'
import { followPeer } from '../chat/follow.ts'
import { createRecipient } from '../chat/recipient.ts'
import { createSpeaker } from '../chat/speaker.ts'
import { doTyped } from '../chat/typed-lines.ts'
import type { CommandFile, Context } from '../context.ts'
import { type IncomingFileFlags, incomingFileOptions, readIncomingFiles } from '../options/incoming-files.ts'
import { type TakeOverFlags, takeOverOption } from '../options/take-over.ts'
import { EXIT } from '../output/failure.ts'

type Flags = IncomingFileFlags &
  TakeOverFlags & {
    /** whether it keeps a mailbox for others as well */
    readonly mailbox?: boolean
  }

export const listenCommand: CommandFile = (program, start) =>
  takeOverOption(incomingFileOptions(program.command('listen')))
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

const listen = async (context: Context, { mailbox = false, takeOver, ...files }: Flags): Promise<number> => {
  const { folder, bootstrap, clockIsRight, signal, terminal, passphrases } = context
  const { openPeer } = await import('../../peer/open.ts')
  terminal.status('publishing')
  const opening = { folder, bootstrap, signal, passphrase: passphrases.current, clockIsRight, mailbox, takeOver }
  await using peer = await openPeer(opening)
  terminal.status('')

  const over = new AbortController()
  const ending = AbortSignal.any([signal, over.signal])
  const speaker = createSpeaker(context, peer, ending)
  const recipient = createRecipient(context, speaker)
  const underWay = createFilesUnderWay(context, peer.files)
  const speak = async (): Promise<void> => {
    if (await doTyped(terminal, { say: recipient.say, sayOfFiles: underWay.say }, ending)) return
    // The end of a pipe is not the end of the conversations; Ctrl-D is.
    if (terminal.interactive) await speaker.settled()
    else if (!ending.aborted) await once(ending, 'abort')
  }
  const incoming = readIncomingFiles(files)
  const works = [
    followPeer(context, peer, { signal: ending, incoming, keepsMailbox: mailbox, onEvent: recipient.hear }),
    speak(),
  ]
  for (const work of works) work.catch(() => {})
  try {
    await Promise.race(works)
  } finally {
    over.abort()
    await speaker.settled()
    await underWay.tellWaiting()
  }
  return EXIT.done
}
