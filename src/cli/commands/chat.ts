import type { Connection } from '../../connection/connection.ts'
import type { Peer } from '../../peer/peer.ts'
import type { PeerEvent } from '../../peer/peer-events.ts'
import { TYPED_HELP } from '../chat/command-line-input.ts'
import { createDeliveries } from '../chat/deliveries.ts'
import { createFilesUnderWay } from '../chat/files-under-way.ts'
import { followPeer } from '../chat/follow.ts'
import { partnerOf } from '../chat/partner.ts'
import { publishQuietly } from '../chat/publish-quietly.ts'
import { promptFor } from '../chat/recipient.ts'
import { createSpeaker } from '../chat/speaker.ts'
import { doTyped } from '../chat/typed-lines.ts'
import type { CommandFile, Context } from '../context.ts'
import { resolveContact, WHO } from '../options/contact.ts'
import { type IncomingFileFlags, incomingFileOptions, readIncomingFiles } from '../options/incoming-files.ts'
import { openQuietPeer } from '../options/quiet-peer.ts'
import { type TakeOverFlags, takeOverOption } from '../options/take-over.ts'
import { EXIT } from '../output/failure.ts'

type Flags = IncomingFileFlags & TakeOverFlags & { readonly stay?: boolean }

export const chatCommand: CommandFile = (program, start) =>
  takeOverOption(incomingFileOptions(program.command('chat').argument('<contact>', WHO)))
    .option('--stay', 'when the piped input ends, stay until the other side leaves')
    .summary('talk to a peer')
    .description(
      `Connects to the owner of an address and talks. What is piped in is sent, and then it says goodbye.\n\n${TYPED_HELP}`,
    )
    .addHelpText(
      'after',
      '\nExamples:\n  handfast chat hf1… --network 127.0.0.1:4000\n  echo /file report.pdf | handfast chat hf1…',
    )
    .action((contact: string, flags: Flags) => start((context) => chat(context, contact, flags), EXIT.done))

/**
 * One conversation, until either side ends it.
 * @returns the exit code: that of a failure when something that was piped in did not go out
 */
const chat = async (context: Context, contact: string, flags: Flags): Promise<number> => {
  const { folder, signal, terminal } = context
  const address = await resolveContact(folder, contact)
  terminal.status('looking up and connecting')
  await using peer = await openQuietPeer(context, flags)
  const deliveries = createDeliveries(peer.messages, address)
  const end = createEnd()
  const following = followPeer(context, peer, {
    ...{ signal, incoming: readIncomingFiles(flags) },
    concerns: (event) => isOfConversation(event, address, peer.address),
    onEvent: (event) => {
      deliveries.hear(event)
      end.hear(event)
    },
  })
  following.catch(() => {})
  try {
    await publishQuietly(peer, signal)
    const connection = await peer.connect(address, { signal })
    terminal.status('')
    end.expect(connection)
    return await converse(context, { peer, address, deliveries, connection, ended: end.promise, following }, flags)
  } finally {
    // What came up to now is told before the command ends.
    await peer.close()
    await following
  }
}

/** What others send waits for `listen`; that this side ends the connection is what was asked for. */
const isOfConversation = (event: PeerEvent, address: string, own: string): boolean => {
  if (event.type === 'request' || (event.type === 'disconnected' && event.reason === 'closed')) return false
  const partner = partnerOf(event)
  return partner === null || partner === address || partner === own
}

/** The end of the conversation by the other side, once it was told: rejects when the connection broke. */
const createEnd = () => {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  promise.catch(() => {})
  const settle = ({ error }: { readonly error: Error | null }): void => (error === null ? resolve() : reject(error))
  const { promise: missed, resolve: miss } = Promise.withResolvers<void>()
  return {
    promise,
    hear: (event: PeerEvent): void => {
      if (event.type === 'disconnected') settle(event)
      // It may have been among them.
      if (event.type === 'missed') miss()
    },
    expect: ({ closed }: Connection): void => {
      void Promise.all([closed, missed]).then(([ending]) => settle(ending))
    },
  }
}

type Talk = {
  readonly peer: Peer
  readonly address: string
  readonly deliveries: ReturnType<typeof createDeliveries>
  readonly connection: Connection
  readonly ended: Promise<void>
  readonly following: Promise<void>
}

const converse = async (
  context: Context,
  { peer, address, deliveries, connection, ended, following }: Talk,
  { stay = false }: Flags,
): Promise<number> => {
  const { signal, terminal, emit } = context
  const over = new AbortController()
  const ending = AbortSignal.any([signal, over.signal])
  const speaker = createSpeaker(context, peer, ending)
  const underWay = createFilesUnderWay(context, peer.files, address)
  terminal.prompt(promptFor({ address, name: peer.contacts.get(address)?.name ?? null }))
  const typed = {
    say: (intent: Parameters<typeof speaker.say>[1]) => speaker.say(address, intent),
    sayOfFiles: underWay.say,
    misread: speaker.misread,
  }
  const speak = async (): Promise<void> => {
    if (await doTyped(terminal, typed, ending)) return deliveries.lastWords()
    await Promise.all([speaker.settled(), deliveries.all(ending), underWay.settled(ending)])
    if (stay) await ended
  }
  const speaking = speak()
  speaking.catch(() => {})
  try {
    await Promise.race([ended, speaking, following])
    signal.throwIfAborted()
  } finally {
    over.abort()
    await connection.close()
    await speaker.settled()
    await underWay.tellWaiting()
  }
  const { left } = deliveries
  if (left > 0) await emit({ event: 'waiting', peer: address, messages: left })
  return !terminal.interactive && speaker.failures + underWay.failures + left > 0 ? EXIT.failed : EXIT.done
}
