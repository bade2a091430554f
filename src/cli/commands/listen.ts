import { once } from 'node:events'
import type { Peer } from '../../peer/peer.ts'
import type { PeerEvent } from '../../peer/peer-events.ts'
import { PEOPLE_HELP, TYPED_HELP } from '../chat/command-line-input.ts'
import { createFilesUnderWay } from '../chat/files-under-way.ts'
import { followPeer } from '../chat/follow.ts'
import { createPeople } from '../chat/people.ts'
import { createRecipient } from '../chat/recipient.ts'
import { createSpeaker, UNKNOWN_TO_SEVERAL } from '../chat/speaker.ts'
import { doTyped } from '../chat/typed-lines.ts'
import type { CommandFile, Context } from '../context.ts'
import { namesOf, resolveContact, WHO } from '../options/contact.ts'
import { type IncomingFileFlags, incomingFileOptions, readIncomingFiles } from '../options/incoming-files.ts'
import { readPort } from '../options/port.ts'
import { type TakeOverFlags, takeOverOption } from '../options/take-over.ts'
import { EXIT } from '../output/failure.ts'

type Flags = IncomingFileFlags &
  TakeOverFlags & {
    /** whether it keeps a mailbox for others as well */
    readonly mailbox?: boolean
    /** whom what is typed, or piped in, is for */
    readonly to?: string
    /** where others can enter the network through it */
    readonly port?: number
    /** key of the relay to name from now on, or 'none' */
    readonly relayThrough?: string
  }

export const listenCommand: CommandFile = (program, start) =>
  takeOverOption(incomingFileOptions(program.command('listen')))
    .option('--to <contact>', `whom what is typed or piped in is for: ${WHO}`)
    .option(
      '--relay-through <key>',
      'name a relay for those who cannot reach this peer directly, until another or none is named',
    )
    .option('--mailbox', 'also keep a mailbox for those who name you as one')
    .option('--port <number>', 'UDP port (default: a free one)', readPort)
    .summary('be found, and talk to whoever comes')
    .description(
      `Publishes where this peer is, and talks to all who come. What you type goes to whom you name, with --to or /to, and to nobody before; who comes changes nothing. Who is no contact waits to be let in.\n\n${TYPED_HELP}\n\n${PEOPLE_HELP}`,
    )
    .addHelpText(
      'after',
      '\nExamples:\n  handfast listen --accept-files --download ~/Downloads --network 127.0.0.1:4000\n  tail -f log | handfast listen --to Bob',
    )
    .action((flags: Flags) => start((context) => listen(context, flags), EXIT.done))

const listen = async (
  context: Context,
  { to, port, mailbox = false, relayThrough, takeOver, ...files }: Flags,
): Promise<number> => {
  const { folder, network, beacon, clockIsRight, signal, terminal, passphrases } = context
  // Whom nobody knows is told before others are asked for anything.
  const addressee = to === undefined ? null : await resolveContact(folder, to)
  const { openPeer } = await import('../../peer/open.ts')
  terminal.status('publishing')
  const passphrase = passphrases.current
  const opening = {
    ...{ folder, network, beacon, port, signal, passphrase, clockIsRight },
    ...{ mailbox, relayThrough, takeOver },
  }
  // Without a network it waits for one, and says so.
  await using peer = await openPeer({ ...opening, listen: false, waitForNetwork: true })
  if (peer.network.state === 'waiting') terminal.status('')

  const over = new AbortController()
  const ending = AbortSignal.any([signal, over.signal])
  const speaker = createSpeaker(context, peer, ending, UNKNOWN_TO_SEVERAL)
  const find = await namesOf(peer.contacts)
  const recipient = createRecipient(context, speaker, addressee === null ? null : find(addressee))
  const people = createPeople(context, { peer, recipient, find, signal: ending })
  const underWay = createFilesUnderWay(context, peer.files)
  const typed = { say: recipient.say, sayOfFiles: underWay.say, sayOfPeople: people.say, misread: speaker.misread }
  const speak = async (): Promise<void> => {
    // What is said while no network is there waits; but who may not come online says nothing.
    if (peer.network.state === 'joined') await online
    if (await doTyped(terminal, typed, ending)) return
    // The end of a pipe is not the end of the conversations; Ctrl-D is.
    if (terminal.interactive) await speaker.settled()
    else if (!ending.aborted) await once(ending, 'abort')
  }
  const online = peer.listen({ signal: ending }).finally(() => terminal.status(''))
  online.catch(() => {})
  const following = followPeer(context, peer, {
    ...{ signal: ending, incoming: readIncomingFiles(files), keepsMailbox: mailbox },
    concerns: (event) => !isOfStranger(peer, event),
    onEvent: people.hear,
  })
  const works = [following, speak(), onlyFailureOf(online)]
  for (const work of works) work.catch(() => {})
  try {
    await Promise.race(works)
  } finally {
    over.abort()
    await recipient.end()
    await speaker.settled()
    await underWay.tellWaiting()
  }
  return EXIT.done
}

/** Rejects as `work` does, and is never done. */
const onlyFailureOf = (work: Promise<unknown>): Promise<never> => new Promise((_, reject) => void work.catch(reject))

/** That it asks to be let in is all that is told of a stranger. */
const isOfStranger = ({ requests }: Peer, event: PeerEvent): boolean =>
  (event.type === 'connected' || event.type === 'disconnected' || event.type === 'way') &&
  !requests.isLetIn(event.remote.address)
