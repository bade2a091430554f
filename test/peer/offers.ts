import { createHash } from 'node:crypto'
import type { TestContext } from 'node:test'
import { sealChunk, type Transfer } from '../../src/core/chunk.ts'
import { secretKey } from '../../src/core/kdf.ts'
import { CHUNK_BYTES } from '../../src/core/limits.ts'
import { makeBytes, NOW } from '../core/identities.ts'
import { makeTemporary, nextFile, startWithMallory } from './sides.ts'

/** Mallory offers Bob a file, and sends of it what she likes. */

export const COUNT = 4
export const content = makeBytes('file', COUNT * CHUNK_BYTES)
export const hash = Uint8Array.from(createHash('sha256').update(content).digest())
export const chunkOf = (index: number): Uint8Array => content.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES)

let offers = 0

export const startWithOffers = async (t: TestContext) => {
  const [to, conversation] = await Promise.all([makeTemporary(t), startWithMallory()])
  const { mallory, bob } = conversation

  /** Mallory offers a file; what Bob sees of it, and how she would send its chunks. */
  const offer = async ({ name = 'a.bin', size = content.length, id = makeBytes(`transfer/${offers++}`, 16) } = {}) => {
    const secret = makeBytes('secret', 32)
    const transfer: Transfer = { id, size, secret: secretKey(Uint8Array.from(secret)) }
    await mallory.say({ k: 'file', id, name, size, secret })
    const seal = (index: number, plaintext: Uint8Array = chunkOf(index)) =>
      sealChunk(transfer, index, plaintext, NOW, makeBytes('iv', 16))
    const chunk = (i: number, d: Uint8Array = seal(i)) => mallory.sendFrame({ t: 'chunk', id, i, d })
    const end = (said: Uint8Array = hash) => mallory.say({ k: 'file-end', id, hash: said })
    return { id, seal, chunk, end, seen: () => nextFile(bob) }
  }
  return { ...conversation, to, offer }
}
export type Offered = Awaited<ReturnType<Awaited<ReturnType<typeof startWithOffers>>['offer']>>

export const sendAll = async ({ chunk }: Offered): Promise<void> => {
  for (let index = 0; index < COUNT; index++) await chunk(index)
}
