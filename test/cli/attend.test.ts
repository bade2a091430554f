import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Context } from '../../src/cli/context.ts'
import { createConversation } from '../../src/cli/conversation.ts'
import type { CliEvent } from '../../src/cli/events.ts'
import { PeerError } from '../../src/core/errors.ts'
import type { Connection, Incoming } from '../../src/peer/connection.ts'

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
    sendFile: async () => ({ name: '', size: 0, sha256: '' }),
    receive,
    closed: Promise.resolve(),
    close: async () => {},
    async *[Symbol.asyncIterator]() {},
    [Symbol.asyncDispose]: async () => {},
  }
  const context: Pick<Context, 'folder' | 'progress' | 'emit'> = {
    folder: '/data',
    progress: { begin: () => ({ update: () => {}, end: () => {} }) },
    emit: (event) => events.push(event),
  }
  const options = {
    acceptFiles: true,
    download: undefined,
    introduced: new Set<string>(),
    letters: { send: () => Promise.reject(new Error()) },
  }
  const conversation = createConversation(context, connection, options)
  return { events: () => events.map(({ event }) => event).slice(2), ended: conversation.attend(signal), all: events }
}

test('a file that arrives with the goodbye is reported before it', async () => {
  const saved = Promise.withResolvers<string>()
  const folders: string[] = []
  const file = {
    name: 'a.txt',
    size: 1,
    save: (folder: string) => {
      folders.push(folder)
      return saved.promise
    },
    refuse: async () => {},
  }
  const items: (Incoming | null)[] = [{ type: 'file', file }, null]
  const { events, ended } = converse(async () => items.shift() ?? null)
  setImmediate(() => saved.resolve('/data/received/a.txt'))
  await ended
  assert.deepEqual(events(), ['file-offered', 'file-saved', 'disconnected'])
  assert.deepEqual(folders, ['/data/received'])
})

test('a break is reported with its code and thrown', async () => {
  const { ended, all } = converse(async () => {
    throw new PeerError('ERR_CONNECTION_LOST')
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
