import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSpeaker } from '../../../src/cli/chat/speaker.ts'
import type { CliEvent } from '../../../src/cli/output/cli-events.ts'
import { FileError, MessageError } from '../../../src/core/errors.ts'
import type { FileTransfer } from '../../../src/files/file-api.ts'
import { isSettled } from '../../connection/sides.ts'
import { messageOf, PEER, transferOf } from './happenings.ts'

/** What is typed for somebody, with a peer that does as it is told. */

const begin = () => {
  const events: CliEvent[] = []
  const sent: string[] = []
  const over = new AbortController()
  const { promise: arrival, ...file } = Promise.withResolvers<FileTransfer>()
  arrival.catch(() => {})
  const peer = {
    messages: {
      send: async (to: string, said: string | Uint8Array) => {
        if (said === 'too long') throw new MessageError('ERR_MESSAGE_SIZE')
        sent.push(`${to}: ${said}`)
        return messageOf(1, said)
      },
    },
    files: {
      send: async (_: string, path: string) => {
        if (path === '/nonexistent') throw new FileError('ERR_FILE_READ')
        return transferOf(1)
      },
      finished: (_: number, { signal }: { readonly signal?: AbortSignal | undefined } = {}) =>
        new Promise<FileTransfer>((resolve, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason))
          arrival.then(resolve, reject)
        }),
    },
  }
  const speaker = createSpeaker({ emit: async (event) => events.push(event) > 0 }, peer, over.signal)
  return { events, sent, over, file, speaker }
}

test('a text is written down for whom it is meant; one that cannot be is told, and counts', async () => {
  const { events, sent, speaker } = begin()
  await speaker.say(PEER, { kind: 'text', text: 'hello' })
  assert.deepEqual([sent, speaker.failures], [[`${PEER}: hello`], 0])
  await speaker.say(PEER, { kind: 'text', text: 'too long' })
  await speaker.misread({ kind: 'unknown', text: '/qiut' })
  assert.partialDeepStrictEqual(events, [
    { event: 'not-sent', text: 'too long', code: 'ERR_MESSAGE_SIZE' },
    { event: 'not-sent', text: '/qiut', code: 'ERR_USAGE' },
  ])
  assert.deepEqual([sent.length, speaker.failures], [1, 2])
})

test('a file goes on while others are said, and has gone out when it is there', async () => {
  const { events, speaker, file } = begin()
  await speaker.say(PEER, { kind: 'file', path: '/a.txt' })
  const settled = speaker.settled()
  assert.equal(await isSettled(settled), false)
  file.resolve(transferOf(1, { state: 'delivered' }))
  await settled
  // What became of it is an event of the peer, and told as that.
  assert.deepEqual([events, speaker.failures], [[], 0])
})

test('a file counts as a failure when it was refused, or is not there at the end; not when its owner gave it up', async () => {
  for (const [reason, failures] of [
    ['ERR_FILE_REFUSED', 1],
    ['ERR_FILE_WITHDRAWN', 0],
    [null, 1],
  ] as const) {
    const { speaker, file, over } = begin()
    await speaker.say(PEER, { kind: 'file', path: '/a.txt' })
    assert.equal(await isSettled(speaker.settled()), false)
    if (reason === null) over.abort()
    else file.reject(new FileError(reason))
    await speaker.settled()
    assert.equal(speaker.failures, failures, String(reason))
  }
})

test('a file that cannot be read is told where it was typed', async () => {
  const { events, speaker } = begin()
  await speaker.say(PEER, { kind: 'file', path: '/nonexistent' })
  await speaker.settled()
  const about = { event: 'file-failed', peer: PEER, direction: 'out', name: 'nonexistent', code: 'ERR_FILE_READ' }
  assert.partialDeepStrictEqual(events, [about])
  assert.equal(speaker.failures, 1)
})
