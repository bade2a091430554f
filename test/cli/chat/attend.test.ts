import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createConversation } from '../../../src/cli/chat/conversation.ts'
import type { Context } from '../../../src/cli/context.ts'
import type { CliEvent } from '../../../src/cli/output/events.ts'
import type { Connection } from '../../../src/connection/connection.ts'
import { ConnectionError } from '../../../src/core/errors.ts'

/** What a conversation reports, with a connection that does as it is told. */

const PEER = 'hf1kh9wk63pek84h4yjgpu5hsrreavjjgswdyjmwnhmtqra00apu4tqy99zse'

const converse = (receive: Connection['receive'], signal: AbortSignal = new AbortController().signal) => {
  const events: CliEvent[] = []
  const connection: Connection = {
    remote: {
      address: PEER,
      epoch: 0,
      seq: 0,
      head: 'ab',
      safetyNumber: '1',
      trust: { identity: 'unknown', freshness: 'stale', reason: '' },
      change: 'none',
      direction: 'in',
    },
    send: async () => {},
    receive,
    closed: Promise.resolve(),
    close: async () => {},
    async *[Symbol.asyncIterator]() {},
    [Symbol.asyncDispose]: async () => {},
  }
  const context: Pick<Context, 'emit'> = { emit: (event) => events.push(event) }
  const never = () => Promise.reject(new Error())
  const options = {
    files: { send: never, finished: never },
    introduced: new Set<string>(),
    messages: { send: never },
  }
  const conversation = createConversation(context, connection, options)
  return { events: () => events.map(({ event }) => event).slice(2), ended: conversation.attend(signal), all: events }
}

test('a break is reported with its code and thrown', async () => {
  const { ended, all } = converse(async () => {
    throw new ConnectionError('ERR_CONNECTION_LOST')
  })
  await assert.rejects(ended, { code: 'ERR_CONNECTION_LOST' })
  assert.partialDeepStrictEqual(all.at(-1), { event: 'disconnected', reason: 'lost', code: 'ERR_CONNECTION_LOST' })
})

test('an end of our own is no event', async () => {
  const signal = AbortSignal.abort()
  const { ended, events } = converse(async () => signal.throwIfAborted() ?? null, signal)
  await assert.rejects(ended, { name: 'AbortError' })
  assert.deepEqual(events(), [])
})
