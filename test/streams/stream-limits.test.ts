import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Payload } from '../../src/connection/payloads.ts'
import type { Line, LineHandler } from '../../src/connection/service.ts'
import { STRANGER_STREAMS_MAX } from '../../src/core/limits/connection-limits.ts'
import { isSettled } from '../connection/sides.ts'
import { data, open, reset, room, type Said, unserved } from './stream-payloads.ts'
import { joinPlain, makeSide, NAME, nextOf, type Side } from './stream-sides.ts'

/** How many streams a peer can make us keep, whatever it opens. */

/** Mallory on a line that encrypts nothing: what she says, and what she hears. */
const startPlain = (side: Side) => {
  const heard: Payload[] = []
  const lines: Line[] = []
  const attach = (line: Line): LineHandler => {
    lines.push(line)
    return { handle: (payload) => void heard.push(payload), detach: () => {} }
  }
  const pair = joinPlain({ kinds: side.streams.service.kinds, attach }, side.streams.service)
  const say = (payload: Said): void => void lines[0]?.say(payload as Payload).catch(() => {})
  const turn = async (): Promise<void> => {
    while (pair.near.deliver() || pair.far.deliver());
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { pair, heard, say, turn }
}

test('§2 of a thousand streams that a peer opens, as many as it may wait, and the others are refused', async () => {
  const side = makeSide()
  side.isContact = false
  const { pair, heard, say, turn } = startPlain(side)
  const loop = side.streams.serve(NAME)
  for (let index = 0; index < 1_000; index++) {
    say(open(2 * index))
    await turn()
    if (heard.length > 0) say(reset(2 * index))
  }
  await turn()
  const refused = Array.from({ length: 1_000 - STRANGER_STREAMS_MAX }, (_, index) => ({
    ...{ k: 'stream-reset', id: 2 * (index + STRANGER_STREAMS_MAX), code: 'ERR_STREAM_LIMIT' },
  }))
  assert.deepEqual(heard, refused)
  for (let count = 0; count < STRANGER_STREAMS_MAX; count++) await nextOf(loop)
  assert.equal(await isSettled(nextOf(loop)), false)
  assert.equal(pair.failure, null)
})

test('§2 a stream that was refused takes no place of another', async () => {
  const side = makeSide()
  side.isContact = false
  const { heard, say, turn } = startPlain(side)
  const taking = nextOf(side.streams.serve(NAME))
  for (let index = 0; index < 2 * STRANGER_STREAMS_MAX; index++) say(unserved(2 * index))
  say(open(4 * STRANGER_STREAMS_MAX))
  await turn()
  await turn()
  await taking
  assert.deepEqual(heard.at(-1), room(4 * STRANGER_STREAMS_MAX))
})

test('§2 streams that are opened and given up before anybody takes them leave nothing behind', async () => {
  const side = makeSide()
  const { pair, heard, say, turn } = startPlain(side)
  const loop = side.streams.serve(NAME)
  for (let index = 0; index < 1_000; index++) {
    say(open(2 * index))
    say(reset(2 * index))
    await turn()
    assert.equal(heard.length, index + 1)
  }
  say(open(2_000))
  await turn()
  const taken = await nextOf(loop)
  say(data(2_000, 7))
  await turn()
  for await (const bytes of taken) {
    assert.equal(bytes.length, 7)
    break
  }
  assert.equal(pair.failure, null)
})
