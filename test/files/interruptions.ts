import assert from 'node:assert/strict'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { CHUNK_BYTES } from '../../src/core/limits/file-limits.ts'
import type { MemoryPair } from '../connection/memory-transport.ts'
import { NOW } from '../core/identities.ts'
import {
  addresses,
  chunksIn,
  chunksOf,
  type FileStage,
  nextOffer,
  sha256,
  startFiles,
  untilFiles,
} from './file-sides.ts'

/** Transfers of files that are interrupted. */

/** Cuts the network when `count` chunks have gone over it. */
export const cutAfter = (pair: MemoryPair, count: number): void => {
  let left = count
  pair.toFar.rewrite = (frame) => {
    if (chunksIn([frame]).length === 0) return [frame]
    if (left === 0) return []
    left -= 1
    if (left === 0) setImmediate(pair.cut)
    return [frame]
  }
}

/** Alice sends a file that Bob accepts, on a connection that is cut after that many chunks. */
export const interrupt = async (t: TestContext, size: number, after: number) => {
  const stage = await startFiles(t)
  const { sides, to, write } = stage
  const { path, content } = await write('a.bin', size)
  const met = await stage.meet((fresh) => cutAfter(fresh, after))
  const sent = await sides.alice.api.send(addresses.bob, path)
  const offer = await nextOffer(sides.bob)
  if (after === 0) setImmediate(met.pair.cut)
  const accepted = await offer.accept(to)
  await ended(stage, met)
  return { ...stage, path, content, sent: sent.id, accepted: accepted.id }
}

/** Both have noticed that the connection is gone, and Bob has put away what came on it. */
export const ended = async (
  { sides }: FileStage,
  met: Pick<Awaited<ReturnType<FileStage['meet']>>, 'alice' | 'bob'>,
): Promise<void> => {
  await Promise.all([met.alice.closed, met.bob.closed])
  await sides.bob.stop()
}

/** What Bob has certainly on disk. */
export const keptBy = ({ sides }: FileStage, id: number): number => sides.bob.store.transfers.get(id)?.chunks ?? -1

export const partOf = async ({ to }: FileStage): Promise<string> => {
  const parts = (await readdir(to)).filter((name) => name.endsWith('.part'))
  assert.equal(parts.length, 1)
  return join(to, parts[0] ?? '')
}

/** Bob has the whole file, and is killed before he notes that it has a name. @returns the partial file's path */
export const crashWhenWhole = async (stage: Awaited<ReturnType<typeof interrupt>>): Promise<string> => {
  const part = await partOf(stage)
  await writeFile(part, stage.content)
  stage.sides.bob.store.transfers.keep(stage.accepted, Math.ceil(stage.content.length / CHUNK_BYTES), NOW * 1000)
  await stage.crash('bob')
  return part
}

/** A new connection, on which nothing comes again: the file has the name that it had. */
export const goOnUnderName = async (stage: Awaited<ReturnType<typeof interrupt>>, name: string): Promise<void> => {
  const { pair } = await stage.meet()
  const saved = await stage.sides.bob.api.finished(stage.accepted)
  assert.equal(saved.path, join(stage.to, name))
  await stage.sides.alice.api.finished(stage.sent)
  assert.equal(chunksOf(pair), 0)
  await untilFiles(stage.to, 2)
}

/** A new connection, on which it arrives; how many chunks that took. */
export const goOn = async (
  stage: FileStage & { readonly sent: number; readonly accepted: number; readonly content: Uint8Array },
) => {
  const { pair } = await stage.meet()
  const saved = await stage.sides.bob.api.finished(stage.accepted)
  await stage.sides.alice.api.finished(stage.sent)
  assert.equal(sha256(await readFile(saved.path)), sha256(stage.content))
  await untilFiles(stage.to, 1)
  return chunksOf(pair)
}
