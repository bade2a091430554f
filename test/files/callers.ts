import assert from 'node:assert/strict'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import type { TestContext } from 'node:test'
import type { Payload } from '../../src/connection/payloads.ts'
import type { Line } from '../../src/connection/service.ts'
import { equal } from '../../src/core/bytes.ts'
import { sealChunk, type Transfer } from '../../src/core/chunk.ts'
import { secretKey } from '../../src/core/kdf.ts'
import { CHUNK_BYTES } from '../../src/core/limits/file-limits.ts'
import type { FileOffer } from '../../src/files/file-api.ts'
import { bob, makeTemporary, makeWorld, settle } from '../connection/sides.ts'
import { makeBytes, NOW } from '../core/identities.ts'
import { offersIn, openFiles } from './file-sides.ts'

/** Many who call Bob and offer him files, without the cost of their connections. */

/** Contacts are those whose names begin with a capital letter. */
const isContact = (peer: Uint8Array): boolean => peer[0] === 1

const idOf = (name: string): Uint8Array => {
  const id = makeBytes(`caller/${name}`, 32)
  id[0] = /^[A-Z]/.test(name) ? 1 : 0
  return id
}

let offered = 0

export type Caller = ReturnType<Awaited<ReturnType<typeof startCallers>>['call']>
export type Called = Awaited<ReturnType<Caller['offer']>>

export const startCallers = async (t: TestContext) => {
  const world = makeWorld('callers')
  const files = openFiles(bob, undefined, isContact, world)
  const to = await makeTemporary(t)
  t.after(() => files.end())

  /** A connection of somebody. */
  const call = (name: string) => {
    const said: Payload[] = []
    const line = {
      ...{ peer: idOf(name), device: bob.log.last.entry.devices[0], isCaller: false },
      say: async (payload: Payload) => void said.push(payload),
      sendChunk: async () => {},
      end: (error: Error) => assert.fail(error),
    }
    const handler = files.service.attach(line as unknown as Line)

    /** Offers a file; resolves when Bob was told of it, or has refused it. */
    const offer = async (size: number, id = makeBytes(`called/${offered++}`, 16)) => {
      const secret = makeBytes('secret', 32)
      const transfer: Transfer = { id, size, secret: secretKey(Uint8Array.from(secret)) }
      const before = offersIn(files.events).length
      handler.handle({ k: 'file', id, name: 'a.bin', size, hash: makeBytes('hash', 32), secret })
      await settle()
      const seen = offersIn(files.events)[before]
      const answers = (): readonly string[] =>
        said
          .filter((one) => 'id' in one && typeof one.id !== 'number' && equal(one.id, id))
          .map((one) => ('code' in one ? `${one.k} ${one.code}` : one.k))
      return {
        id,
        /** what Bob sees; none when he is not told */
        seen,
        accept: async (): Promise<string | undefined> => {
          const accepted = await (seen as FileOffer).accept(to).catch((error: { readonly code: string }) => error)
          if ('code' in accepted) return accepted.code
          await until(() => answers().length > 0)
          return undefined
        },
        /** what was said of it */
        answers,
        /** Sends so many chunks, and lets Bob put them away. */
        send: async (count: number): Promise<void> => {
          for (let index = 0; index < count; index++) {
            const d = sealChunk(transfer, index, new Uint8Array(CHUNK_BYTES), NOW, makeBytes('iv', 16))
            handler.chunk?.({ t: 'chunk', id, i: index, d })
          }
          await until(() => answers().includes('file-taken') || answers().some((one) => one.startsWith('file-wait')))
        },
      }
    }
    return { said, offer, leave: () => handler.detach(null) }
  }
  /** How many files of strangers are received. */
  const countStrange = (): number => files.store.transfers.receiving().filter(({ peer }) => !isContact(peer)).length
  return { files, world, to, call, countStrange }
}

/** Lets everything run, also what waits for the disk, until it is so. */
export const until = async (isSo: () => boolean): Promise<void> => {
  // In step with the disk, which is slower than memory.
  for (let turn = 0; turn < 20_000 && !isSo(); turn++) await Promise.all([settle(), fs.promises.stat(tmpdir())])
  assert.ok(isSo())
}

/** From now on the disk has that size and so much free, bytes. @returns sets what is free */
export const mockDisk = (t: TestContext, total: number, free: number): ((bytes: number) => void) => {
  const bsize = 4096
  let now = free
  const { mock } = t.mock.method(fs.promises, 'statfs', async () => ({
    ...{ bsize, blocks: Math.floor(total / bsize), bavail: Math.floor(now / bsize) },
  }))
  syncBuiltinESMExports()
  t.after(() => {
    mock.restore()
    syncBuiltinESMExports()
  })
  return (bytes) => {
    now = bytes
  }
}
