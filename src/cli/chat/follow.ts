import { join } from 'node:path'
import type { FileOffer } from '../../files/file-api.ts'
import type { Peer } from '../../peer/peer.ts'
import type { PeerEvent } from '../../peer/peer-events.ts'
import type { Context } from '../context.ts'
import type { IncomingFiles } from '../options/incoming-files.ts'
import { createReporter, type ReporterOptions } from '../output/reporter.ts'
import { createFileBars } from './file-bars.ts'
import { createOfferTaker } from './take-offers.ts'

/** The one loop over what happens to a peer: tells it, and does what its owner said at the start. */

export type FollowOptions = Omit<ReporterOptions, 'own' | 'acceptFiles'> & {
  /** Ends it at once; otherwise it ends when the peer has closed, and everything was told. */
  readonly signal: AbortSignal
  /** Offered files are refused unless this says otherwise. */
  readonly incoming?: IncomingFiles
  /** What is told and dealt with; anything else is left alone. Default: everything. */
  readonly concerns?: (event: PeerEvent) => boolean
  /** Told of what concerns the command, once it is printed. */
  readonly onEvent?: (event: PeerEvent) => void
}

type FollowContext = Pick<Context, 'folder' | 'progress' | 'emit'>

/**
 * Takes the next event only when the output has taken what was told of this one: what nobody reads waits where there is a bound.
 * @throws the error of `superseded` and of `twin`: with void keys nobody will talk to this peer any more, and what has stopped says nothing
 *   more; what is needed now is not patience
 */
export const followPeer = async (context: FollowContext, peer: Peer, options: FollowOptions): Promise<void> => {
  const { folder, progress, emit } = context
  const { signal, incoming, concerns = () => true, onEvent } = options
  const acceptFiles = incoming?.acceptFiles ?? false
  const report = createReporter({ ...options, own: peer.address, acceptFiles })
  const bars = createFileBars(progress)

  const taker = createOfferTaker(incoming?.download ?? join(folder, 'received'), (peer, code) =>
    emit({ event: 'limited', peer, code, wait: null }),
  )
  const decide = (offer: FileOffer): void => {
    if (acceptFiles) taker.take(offer)
    // What goes wrong here is an event as well, as what goes wrong later is.
    else offer.refuse().catch(() => {})
  }

  const handle = async (event: PeerEvent): Promise<void> => {
    if (event.type === 'superseded' || event.type === 'twin') throw event.error
    if (!concerns(event)) return
    if (event.type === 'file') bars.show(event.transfer)
    const told = Promise.all(report(event).map(emit))
    onEvent?.(event)
    // What nobody has read is neither taken nor decided: it comes again.
    if ((await told).includes(false)) return
    if (event.type === 'message') peer.messages.take(event.message)
    if (event.type === 'offer') decide(event.offer)
  }

  try {
    for await (const event of peer.events({ signal })) await handle(event)
  } finally {
    bars.end()
    taker.end()
  }
}
