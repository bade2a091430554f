import type { Message } from '../../messages/message.ts'
import type { Peer } from '../../peer/peer.ts'
import type { PeerEvent } from '../../peer/peer-events.ts'
import type { Context } from '../context.ts'
import { createDeliveries } from './deliveries.ts'
import { followPeer } from './follow.ts'
import { partnerOf } from './partner.ts'
import { publishQuietly } from './publish-quietly.ts'

/** A command that writes something down and then tries for a while to deliver it. */
export type DeliverNow = {
  /** the other side's address */
  readonly address: string
  /** seconds */
  readonly wait: number
  /** Opens the data folder. */
  readonly open: () => Promise<Peer>
  /** Writes it down. */
  readonly write: (peer: Peer) => Promise<unknown>
}

/** What others want waits for `listen`. */
const FOR_LISTEN: ReadonlySet<PeerEvent['type']> = new Set(['message', 'offer', 'request'])

/** Tells what becomes of it, until all is delivered or in a mailbox, or the time is over; what is left then waits. */
export const deliverNow = async (context: Context, { address, wait, open, write }: DeliverNow): Promise<void> => {
  const { signal, terminal, emit } = context
  await using peer = await open()
  await publishQuietly(peer, signal)
  const deliveries = createDeliveries(peer.messages, address)
  const inMailboxes = new AbortController()
  /** what is sent here is the last that was written */
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
      event.type === 'clock' ||
      event.type === 'missed' ||
      (!FOR_LISTEN.has(event.type) && partnerOf(event) === address),
  })
  following.catch(() => {})
  const deliver = async (): Promise<void> => {
    const waiting = AbortSignal.any([signal, inMailboxes.signal, AbortSignal.timeout(wait * 1000)])
    await deliveries.all(waiting).catch(() => signal.throwIfAborted())
  }
  try {
    await write(peer)
    terminal.status('delivering')
    await Promise.race([deliver(), following])
    terminal.status('')
    const { left } = deliveries
    if (left > 0 && !inMailboxes.signal.aborted) await emit({ event: 'waiting', peer: address, messages: left })
  } finally {
    await peer.close()
    await following
  }
}
