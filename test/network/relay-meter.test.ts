import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { test } from 'node:test'
import type { Stream } from 'udx-native'
import {
  RELAY_BURST,
  RELAY_LINKS_MAX,
  RELAY_NETWORK_BURST,
  RELAY_NETWORK_LINKS_MAX,
  RELAY_NETWORK_RATE,
} from '../../src/core/limits/relay-limits.ts'
import { createRelayLinks } from '../../src/network/relay-links.ts'
import { createRelayMeter } from '../../src/network/relay-meter.ts'

/** The bounds of a relay, without a network. */

const end = () => {
  const stream = Object.assign(new EventEmitter(), {
    bytesReceived: 0,
    destroyed: false,
    destroy: () => {
      if (stream.destroyed) return
      stream.destroyed = true
      stream.emit('close')
    },
  })
  return stream
}
const asStream = (stream: ReturnType<typeof end>): Stream => stream as unknown as Stream

test('a network may use what it has at once, and then so much a second', () => {
  let now = 0
  const meter = createRelayMeter(() => now)
  assert.equal(meter.charge('a', RELAY_NETWORK_BURST - 1), true)
  assert.equal(meter.charge('a', 1), false)
  assert.equal(meter.allows('a'), false)
  assert.equal(meter.allows('b'), true)
  now = 1000
  assert.equal(meter.allows('a'), true)
  assert.equal(meter.charge('a', RELAY_NETWORK_RATE), false)
})

test('all networks together have a bound as well', () => {
  const meter = createRelayMeter(() => 0)
  const networks = RELAY_BURST / RELAY_NETWORK_BURST
  for (let network = 0; network < networks; network++) meter.charge(`${network}`, RELAY_NETWORK_BURST - 1)
  assert.equal(meter.allows('another'), true)
  meter.charge('another', networks)
  assert.equal(meter.allows('one more'), false)
})

test('what is forwarded is charged to both networks, and a link of one that has nothing left ends', () => {
  const links = createRelayLinks(createRelayMeter(() => 0))
  const [a, b, c, d] = [end(), end(), end(), end()]
  assert.ok(links.add('one', asStream(a), 'a') && links.add('one', asStream(b), 'b'))
  assert.ok(links.add('two', asStream(c), 'c') && links.add('two', asStream(d), 'd'))
  for (const stream of [a, c]) stream.bytesReceived = RELAY_NETWORK_BURST - 1
  assert.deepEqual([links.look(), links.size, links.bytes], [0, 2, 2 * (RELAY_NETWORK_BURST - 1)])
  // Counted once.
  assert.deepEqual([links.look(), links.bytes], [0, 2 * (RELAY_NETWORK_BURST - 1)])
  a.bytesReceived += 1
  assert.deepEqual([links.look(), links.size], [1, 1])
  assert.deepEqual(
    [a, b, c, d].map(({ destroyed }) => destroyed),
    [true, true, false, false],
  )
})

test('a network has so many ends, all of them so many links, and what ends gives its place back', () => {
  const links = createRelayLinks(createRelayMeter(() => 0))
  const ends = Array.from({ length: RELAY_NETWORK_LINKS_MAX }, end)
  for (const [index, stream] of ends.entries()) assert.ok(links.add(`${index}`, asStream(stream), 'a'))
  const more = end()
  assert.equal(links.add('more', asStream(more), 'a'), false)
  assert.equal(more.destroyed, true)
  // The other side of a link that cannot be is not left alone.
  const other = end()
  assert.ok(links.add('half', asStream(other), 'b'))
  assert.equal(links.add('half', asStream(end()), 'a'), false)
  assert.equal(other.destroyed, true)
  ends[0]?.destroy()
  assert.equal(links.add('again', asStream(end()), 'a'), true)
  for (let network = 0; links.size < RELAY_LINKS_MAX; network++)
    assert.ok(links.add(`n${network}`, asStream(end()), `n${network}`))
  assert.equal(links.add('last', asStream(end()), 'elsewhere'), false)
  links.close()
  assert.equal(links.size, 0)
})
