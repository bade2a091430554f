import assert from 'node:assert/strict'
import type { Ending } from '../../src/connection/connection.ts'
import type { Remote } from '../../src/connection/remote.ts'
import type { ContactEvent } from '../../src/contacts/contact-events.ts'
import { HandfastError } from '../../src/core/errors.ts'
import type { Message } from '../../src/messages/message.ts'
import type { Peer } from '../../src/peer/peer.ts'
import type { PeerEvent } from '../../src/peer/peer-events.ts'

/** What peers say and tell, for tests to wait for. */

/** What a message says. */
export const said = (message: Pick<Message, 'text' | 'data'> | null | undefined): string | Uint8Array | undefined =>
  message?.text ?? message?.data

/** Takes that many messages, and says what they say. */
export const take = async (peer: Peer, count: number): Promise<unknown[]> => {
  const contents: unknown[] = []
  while (contents.length < count) contents.push(said(await peer.messages.receive()))
  return contents
}

export const isOfType =
  <T extends PeerEvent['type']>(type: T) =>
  (event: PeerEvent): event is Extract<PeerEvent, { type: T }> =>
    event.type === type

/** The first event from now on that is as wanted. */
export const eventOf = async <E extends PeerEvent>(
  peer: Peer,
  isWanted: (event: PeerEvent) => event is E,
): Promise<E> => {
  for await (const event of peer.events()) if (isWanted(event)) return event
  assert.fail('the peer closed before')
}

/** Resolves when a message of `peer` gets into that state. */
export const reaches = async (peer: Peer, state: Message['state'], id?: number): Promise<Message> => {
  type Told = Extract<PeerEvent, { type: 'message' | 'delivery' }>
  const isIt = (event: PeerEvent): event is Told =>
    (event.type === 'message' || event.type === 'delivery') &&
    event.message.state === state &&
    (id === undefined || event.message.id === id)
  return (await eventOf(peer, isIt)).message
}

/** All that a peer tells from now on, as far as it was told. */
export const collect = (peer: Peer): PeerEvent[] => {
  const events: PeerEvent[] = []
  const hear = async (): Promise<void> => {
    for await (const event of peer.events()) events.push(event)
  }
  void hear()
  return events
}

const OF_TRUST = ['changed', 'forked', 'superseded', 'not-published', 'unconfirmed'] as const

/** Of what was told, that which is about identities and their records. */
export const aboutTrust = (events: readonly PeerEvent[]): readonly ContactEvent[] =>
  events.filter((event): event is ContactEvent => (OF_TRUST as readonly string[]).includes(event.type))

/** How a connection ended: the code of what broke it, or why it ended in order. */
export const endOf = async ({ closed }: { readonly closed: Promise<Ending> }): Promise<string> => {
  const { reason, error } = await closed
  return error instanceof HandfastError ? error.code : reason
}

/** Listens, and gives the connections of others as they come. */
export const listenTo = async (peer: Peer) => {
  const events = peer.events()[Symbol.asyncIterator]()
  const publication = await peer.listen()
  return {
    publication,
    /** Who came next; null when the peer has closed. */
    accept: async (): Promise<Remote | null> => {
      for (;;) {
        const { value, done } = await events.next()
        if (done === true) return null
        if (value.type === 'connected' && value.remote.direction === 'in') return value.remote
      }
    },
  }
}
