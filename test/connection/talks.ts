import assert from 'node:assert/strict'
import type { Connection } from '../../src/connection/connection.ts'
import { drain } from '../../src/connection/queue.ts'
import { createVisitLine } from '../../src/connection/visit-line.ts'
import { utf8 } from '../../src/core/bytes.ts'
import { startConversation, startWithMallory } from './sides.ts'

/** Connections on which bytes are said, as on a visit to a mailbox: the plainest of what is said on connections. */

type Options = { readonly signal?: AbortSignal }

export type Talk = Connection &
  AsyncIterable<Uint8Array> & {
    send(said: Uint8Array | string, options?: Options): Promise<void>
    receive(options?: Options): Promise<Uint8Array | null>
  }

const never = new AbortController().signal

const talkOn = (connection: Connection, line: ReturnType<typeof createVisitLine>): Talk => {
  const receive: Talk['receive'] = ({ signal = never } = {}) => line.receive({ signal })
  return {
    ...connection,
    send: (said, { signal = never } = {}) => line.send(typeof said === 'string' ? utf8(said) : said, { signal }),
    receive,
    [Symbol.asyncIterator]: () => drain({ take: () => receive() }),
  }
}

/** Alice and Bob in conversation. */
export const startTalk = async () => {
  const [ours, theirs] = [createVisitLine(), createVisitLine()]
  const { pair, alice, bob } = await startConversation([[ours.service], [theirs.service]])
  return { pair, alice: talkOn(alice, ours), bob: talkOn(bob, theirs) }
}

/** Mallory in conversation with Bob. */
export const startTalkWithMallory = async () => {
  const line = createVisitLine()
  const { pair, mallory, bob } = await startWithMallory([line.service])
  return { pair, mallory, bob: talkOn(bob, line) }
}

export const textOf = (said: Uint8Array): string => Buffer.from(said).toString()

/** The next thing said, as text. */
export const nextText = async (talk: Talk): Promise<string> => {
  const said = await talk.receive()
  assert.ok(said !== null, 'an end instead of a text')
  return textOf(said)
}
