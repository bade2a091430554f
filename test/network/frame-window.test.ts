import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  arriveIn,
  costOf,
  type FrameWindow,
  gainRoom,
  hasRoom,
  isReportDue,
  OPEN_WINDOW,
  readFrom,
  report,
  sendIn,
} from '../../src/network/frame-window.ts'

const WINDOW = 1024 * 1024

test('§1 a frame costs its length and 64', () => {
  assert.equal(costOf(new Uint8Array(1)), 65)
  assert.equal(costOf(new Uint8Array(65_536)), 65_600)
})

test('§1 frames of 1 MiB may be on their way, not a byte more, and room is never more than that', () => {
  assert.ok(hasRoom(OPEN_WINDOW, WINDOW) && !hasRoom(OPEN_WINDOW, WINDOW + 1))
  const full = sendIn(OPEN_WINDOW, WINDOW)
  assert.ok(!hasRoom(full, 1))
  assert.equal(gainRoom(full, WINDOW + 1), null)
  assert.equal(gainRoom(OPEN_WINDOW, 1), null)
  assert.deepEqual(gainRoom(full, WINDOW), OPEN_WINDOW)
})

test('§1 what arrives beyond the window is refused, and what was read is granted again when it is reported', () => {
  const full = arriveIn(OPEN_WINDOW, WINDOW)
  assert.ok(full !== null)
  assert.equal(arriveIn(full, 1), null)
  const read = readFrom(full, WINDOW / 4)
  assert.equal(arriveIn(read, 1), null, 'not before it is reported')
  assert.deepEqual([isReportDue(readFrom(full, WINDOW / 4 - 1)), isReportDue(read)], [false, true])
  const reported = report(read)
  assert.deepEqual(arriveIn(reported, WINDOW / 4), { ...full, unreported: 0 })
  assert.equal(arriveIn(reported, WINDOW / 4 + 1), null)
})

test('two sides that keep to it never refuse each other, and a sender always gets on', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 65_536 }), { maxLength: 200 }),
      fc.infiniteStream(fc.boolean()),
      (sizes, coin) => {
        let [sender, reader]: FrameWindow[] = [OPEN_WINDOW, OPEN_WINDOW]
        const unread: number[] = []
        const left = sizes.map((size) => costOf(new Uint8Array(size)))
        while (left.length + unread.length > 0) {
          const next = left[0]
          assert.ok(sender !== undefined && reader !== undefined)
          const canSend = next !== undefined && hasRoom(sender, next)
          assert.ok(canSend || unread.length > 0, 'both wait for each other')
          if (canSend && (unread.length === 0 || coin.next().value === true)) {
            sender = sendIn(sender, next)
            const arrived = arriveIn(reader, next)
            assert.ok(arrived !== null)
            reader = arrived
            unread.push(next)
            left.shift()
            continue
          }
          reader = readFrom(reader, unread.shift() ?? 0)
          if (!isReportDue(reader)) continue
          const gained = gainRoom(sender, reader.unreported)
          assert.ok(gained !== null)
          ;[sender, reader] = [gained, report(reader)]
        }
      },
    ),
  )
})
