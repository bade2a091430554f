import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { STRANGER_FRAMES } from '../../src/core/limits/stranger-rates.ts'
import { alice, bob, settle } from '../connection/sides.ts'
import { createTown } from '../messages/town.ts'

/** Whatever is said on the connections of strangers, it is read at a rate: contacts must not wait for it. */

const PIECES = STRANGER_FRAMES.count.burst + 200

/** Alice writes to Bob, byte by byte. @returns how many of them he has read */
const write = async (t: TestContext, isContact: boolean): Promise<() => number> => {
  const town = createTown()
  const [a, b] = [town.open(alice), town.open(bob)]
  t.after(() => Promise.all([a.close(), b.close()]))
  await Promise.all([a.listen(), b.listen()])
  if (isContact) await b.addContact(a.address)
  let read = 0
  const serve = async (): Promise<void> => {
    for await (const stream of b.serve('count/1'))
      stream
        .on('error', () => {})
        .on('data', (piece: Uint8Array) => {
          read += piece.length
        })
  }
  void serve()
  const stream = await a.dial(b.address, 'count/1')
  stream.on('error', () => {})
  for (let piece = 0; piece < PIECES; piece++) {
    stream.write(Uint8Array.of(1))
    await settle()
  }
  return () => read
}

test('a stranger that says more than may be at a time is not read on, and the end of this peer does not wait for it', async (t) => {
  const read = await write(t, false)
  assert.ok(read() > STRANGER_FRAMES.count.burst / 2 && read() <= STRANGER_FRAMES.count.burst, `${read()}`)
})

test('a contact is read as fast as it says something', async (t) => {
  const read = await write(t, true)
  assert.equal(read(), PIECES)
})
