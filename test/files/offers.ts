import { createHash } from 'node:crypto'
import type { TestContext } from 'node:test'
import { sealChunk, type Transfer } from '../../src/core/chunk.ts'
import { secretKey } from '../../src/core/kdf.ts'
import { CHUNK_BYTES } from '../../src/core/limits/file-limits.ts'
import { bob, makeTemporary, startWithMallory } from '../connection/sides.ts'
import { makeBytes, NOW } from '../core/identities.ts'
import { nextOffer, openFiles, storeAt } from './file-sides.ts'

/** Mallory offers Bob a file, and sends of it what she likes. */

export const COUNT = 4
export const content = makeBytes('file', COUNT * CHUNK_BYTES)
export const hash: Uint8Array = Uint8Array.from(createHash('sha256').update(content).digest())
export const chunkOf = (index: number): Uint8Array => content.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES)

let offers = 0

export const startWithOffers = async (t: TestContext, { isContact = true, store = storeAt(null) } = {}) => {
  const files = openFiles(bob, store, isContact)
  t.after(() => files.end())
  const meet = () => startWithMallory(files.services)
  const [to, conversation] = await Promise.all([makeTemporary(t), meet()])

  /** Mallory offers a file; what Bob sees of it, and how she would send its chunks. */
  const offer = async ({
    name = 'a.bin',
    size = content.length,
    id = makeBytes(`transfer/${offers++}`, 16),
    said = hash,
    by = conversation.mallory,
  } = {}) => {
    const secret = makeBytes('secret', 32)
    const transfer: Transfer = { id, size, secret: secretKey(Uint8Array.from(secret)) }
    await by.say({ k: 'file', id, name, size, hash: said, secret })
    const seal = (index: number, plaintext: Uint8Array = chunkOf(index)) =>
      sealChunk(transfer, index, plaintext, NOW, makeBytes('iv', 16))
    const chunk = (i: number, d: Uint8Array = seal(i)) => by.sendFrame({ t: 'chunk', id, i, d })
    /** Bob accepts it; resolves with its path once it is there. */
    const save = async (folder = to): Promise<string> => {
      const accepted = await (await nextOffer(files)).accept(folder)
      return (await files.api.finished(accepted.id)).path
    }
    return { id, seal, chunk, seen: () => nextOffer(files), save }
  }
  return { ...conversation, files, to, offer, meet }
}
export type Offered = Awaited<ReturnType<Awaited<ReturnType<typeof startWithOffers>>['offer']>>

export const sendAll = async ({ chunk }: Pick<Offered, 'chunk'>): Promise<void> => {
  for (let index = 0; index < COUNT; index++) await chunk(index)
}
