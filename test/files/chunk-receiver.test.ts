import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { CHUNK_WINDOW } from '../../src/core/limits/file-limits.ts'
import { arrive, begin, createChunkReceiver, isDue, nextToken, takeReport } from '../../src/files/chunk-receiver.ts'
import { codeOf } from '../connection/sides.ts'

/** Chunks as they come: whatever is sent, they are taken in order, and no more of them than were asked for. */

const tokenOf = (index: number): Uint8Array => Uint8Array.of(index)
const ended = AbortSignal.abort()

/** What a sender may do, mostly by the rules, and what is written of it. */
const step = fc.oneof(
  { weight: 20, arbitrary: fc.constant('next' as const) },
  { weight: 5, arbitrary: fc.constant('take' as const) },
  { weight: 1, arbitrary: fc.nat(40) },
)

test('§1 a sender that keeps the rules gets all of it in, in groups that the disk decides on', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 100 }),
      fc.nat(100),
      fc.array(fc.boolean(), { maxLength: 400, size: 'max' }),
      async (count, before, sends) => {
        const from = Math.min(before, count)
        const receiver = createChunkReceiver(count, from)
        begin(receiver, from)
        let [sent, taken, written] = [from, from, from]
        /** Writes the next; reports when that is due, as `receiving` does. */
        const write = async (): Promise<void> => {
          const token = await nextToken(receiver, ended)
          if (token === null) return
          assert.deepEqual(token, tokenOf(written))
          written += 1
          if (!isDue(receiver, written)) return
          receiver.kept = written
          taken += takeReport(receiver)
        }
        const writeGroup = async (): Promise<void> => {
          await write()
          assert.ok(written - receiver.kept < CHUNK_WINDOW / 2)
        }
        const send = (): void => {
          if (sent === count || sent - taken === CHUNK_WINDOW) return
          arrive(receiver, sent, tokenOf(sent))
          sent += 1
        }
        for (const one of sends) await (one ? send() : writeGroup())
        while (written < count) {
          send()
          await writeGroup()
        }
        assert.deepEqual([receiver.state, receiver.kept, taken], ['open', count, count])
      },
    ),
  )
})

test('§1 whatever comes, what is taken is the beginning of it in order, and memory holds no more than the window', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 200, size: 'max' }), async (steps) => {
      const count = 40
      const receiver = createChunkReceiver(count, 0)
      begin(receiver, 0)
      let written = 0
      for (const one of steps) {
        if (one !== 'take') {
          const index = one === 'next' ? receiver.arrived : one
          const fits = receiver.state === 'open' && index === receiver.arrived && index < CHUNK_WINDOW
          const counts = receiver.state === 'open' && receiver.arrived < count
          arrive(receiver, index, tokenOf(index))
          if (counts) assert.equal(receiver.state, fits ? 'open' : 'broken')
        } else if (receiver.state === 'broken') {
          assert.equal(await codeOf(nextToken(receiver, ended)), 'ERR_FILE_CORRUPT')
        } else {
          const token = await nextToken(receiver, ended)
          if (token !== null) assert.deepEqual(token, tokenOf(written++))
        }
        assert.ok(receiver.tokens.length <= CHUNK_WINDOW)
      }
    }),
  )
})

test('§1 what comes before it was asked for, and after the last, counts for nothing', async () => {
  const receiver = createChunkReceiver(2, 0)
  arrive(receiver, 7, tokenOf(7))
  begin(receiver, 1)
  arrive(receiver, 1, tokenOf(1))
  arrive(receiver, 2, tokenOf(2))
  assert.deepEqual(await nextToken(receiver, ended), tokenOf(1))
  assert.equal(await nextToken(receiver, ended), null)
  assert.equal(receiver.state, 'open')
})
