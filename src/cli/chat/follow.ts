import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { PeerError } from '../../core/errors.ts'
import type { FileOffer } from '../../files/file-api.ts'
import type { Peer } from '../../peer/peer.ts'
import type { PeerEvent } from '../../peer/peer-events.ts'
import type { Context } from '../context.ts'
import type { IncomingFiles } from '../options/incoming-files.ts'
import { createReporter, missedEvent, type ReporterOptions } from '../output/reporter.ts'
import { createFileBars } from './file-bars.ts'

/** The one loop over what happens to a peer: tells it, and does what its owner said at the start. */

export type FollowOptions = Omit<ReporterOptions, 'own' | 'acceptFiles'> & {
  /** Ends it at once; otherwise it ends when the peer has closed, and everything was told. */
  readonly signal: AbortSignal
  /** Offered files are refused unless this says otherwise. */
  readonly incoming?: IncomingFiles
  /** What is told and dealt with; anything else is left alone. Default: everything. */
  readonly concerns?: (event: PeerEvent) => boolean
  /** Told of what concerns the command, once a person was. */
  readonly onEvent?: (event: PeerEvent) => void
  /** Called when some events were lost. */
  readonly onMissed?: () => void
}

type FollowContext = Pick<Context, 'folder' | 'terminal' | 'progress' | 'emit'>

const isOverrun = (error: unknown): boolean => error instanceof PeerError && error.code === 'ERR_PEER_EVENTS'

/**
 * @throws the error of `superseded` and of `twin`: with void keys nobody will talk to this peer any more, and what has stopped says nothing
 *   more; what is needed now is not patience
 */
export const followPeer = async (context: FollowContext, peer: Peer, options: FollowOptions): Promise<void> => {
  const { folder, terminal, progress, emit } = context
  const { signal, incoming, concerns = () => true, onEvent, onMissed } = options
  const acceptFiles = incoming?.acceptFiles ?? false
  const report = createReporter({ ...options, own: peer.address, acceptFiles })
  const bars = createFileBars(progress)

  const decide = (offer: FileOffer): Promise<unknown> =>
    acceptFiles ? offer.accept(incoming?.download ?? join(folder, 'received')) : offer.refuse()

  const handle = (event: PeerEvent): void => {
    if (event.type === 'superseded' || event.type === 'twin') throw event.error
    if (!concerns(event)) return
    if (event.type === 'file') bars.show(event.transfer)
    for (const told of report(event)) emit(told)
    if (event.type === 'message') peer.messages.take(event.message)
    // What goes wrong here is an event as well, as what goes wrong later is.
    if (event.type === 'offer') decide(event.offer).catch(() => {})
    onEvent?.(event)
  }

  /** Waits for whoever reads the output, so that what is not read yet waits in one place, which has a bound. */
  const tellAll = async (): Promise<void> => {
    for await (const event of peer.events({ signal })) {
      handle(event)
      await terminal.drained(signal)
    }
  }

  try {
    for (;;) {
      try {
        return await tellAll()
      } catch (error) {
        if (!isOverrun(error)) throw error
        emit(missedEvent(peer.address, error))
        onMissed?.()
        // The next loop begins with what was not taken: what was has to be on disk by then.
        await turn()
      }
    }
  } finally {
    bars.end()
  }
}
