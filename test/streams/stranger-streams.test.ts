import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  STRANGER_STREAM_BYTES,
  STRANGER_STREAMS,
  STRANGERS_STREAM_BYTES,
  STRANGERS_STREAMS,
} from '../../src/core/limits/stranger-rates.ts'
import { createStrangerStreams } from '../../src/streams/stranger-streams.ts'
import { codeOf } from '../connection/sides.ts'
import { makeBytes, NOW } from '../core/identities.ts'
import { NAME, openPair, startSides } from './stream-sides.ts'

/** How many streams those open who are no contacts, and how fast they are read. */

const who = (name: string): Uint8Array => makeBytes(`streams/${name}`, 32)
const MIB = 1024 * 1024

test('streams are opened at a rate, each stranger’s and that of all', () => {
  let now = NOW * 1000
  const strangers = createStrangerStreams(() => now)
  const openAll = (name: string, of = strangers): number => {
    let opened = 0
    while (of.open(who(name))) opened += 1
    return opened
  }
  const { burst, perSecond } = STRANGER_STREAMS.count
  assert.equal(openAll('a'), burst)
  now += (burst / 4 / perSecond) * 1000
  assert.equal(openAll('a'), burst / 4)
  const others = createStrangerStreams(() => now)
  let all = 0
  for (let count = 0; count < 10; count++) all += openAll(`${count}`, others)
  assert.equal(all, STRANGERS_STREAMS.count.burst)
})

test('what is read of a stranger makes room for more at a rate', () => {
  let now = NOW * 1000
  const strangers = createStrangerStreams(() => now)
  let waited = 0
  for (let read = 0; read < 100; read++) {
    const wait = strangers.read(who('a'), MIB)
    waited += wait
    now += wait
  }
  const least = (100 * MIB - STRANGER_STREAM_BYTES.bytes.burst) / STRANGER_STREAM_BYTES.bytes.perSecond - 1
  assert.ok(waited / 1000 >= least, `${waited}`)
  const together = createStrangerStreams(() => now)
  const waits = Array.from({ length: 100 }, (_, index) => together.read(who(`${index}`), MIB))
  assert.equal(waits.findIndex((wait) => wait > 0) * MIB, STRANGERS_STREAM_BYTES.bytes.burst)
})

test('one stream too many is refused with a code, a contact’s is not', async (t) => {
  const sides = await startSides(t)
  sides.far.isContact = false
  for (let count = 0; count < STRANGER_STREAMS.count.burst; count++) {
    // Nobody serves it: that costs as much to find out.
    const name = { ...NAME, protocol: `none/${count}` }
    assert.equal(await codeOf(sides.near.streams.open(sides.toBob, name)), 'ERR_STREAM_PROTOCOL')
  }
  assert.equal(await codeOf(sides.near.streams.open(sides.toBob, NAME)), 'ERR_STREAM_LIMIT')
  sides.far.isContact = true
  const { ours } = await openPair(sides)
  ours.destroy()
})
