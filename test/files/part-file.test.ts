import assert from 'node:assert/strict'
import { link, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { FILE_AGE_MAX, CHUNK_BYTES as SIZE } from '../../src/core/limits/file-limits.ts'
import { partName } from '../../src/files/part-file.ts'
import { alice, bob, codeOf, settle } from '../connection/sides.ts'
import { flip } from '../core/identities.ts'
import { type FileStage, untilFiles } from './file-sides.ts'
import { crashWhenWhole, cutAfter, ended, goOn, goOnUnderName, interrupt, partOf } from './interruptions.ts'

/** What may become of a partial file while nobody looks. */

test('§2 a partial file that lost its end, or is gone, is filled from where it ends', async (t) => {
  for (const [size, left] of [
    [3 * SIZE + 5, 3],
    [3 * SIZE - 1, 2],
    [0, 0],
  ] as const) {
    const stage = await interrupt(t, 9 * SIZE, 5)
    await truncate(await partOf(stage), size)
    assert.equal(await goOn(stage), 9 - left)
  }
  const stage = await interrupt(t, 9 * SIZE, 5)
  await rm(await partOf(stage))
  assert.equal(await goOn(stage), 9)
})

test('§2 what was written behind what is certain is cut off', async (t) => {
  const stage = await interrupt(t, 9 * SIZE, 5)
  await writeFile(await partOf(stage), new Uint8Array(6 * SIZE).fill(7), { flag: 'a' })
  assert.equal(await goOn(stage), 4)
})

test('§2 a partial file that was changed is found out by the hash of the whole: it begins anew, once', async (t) => {
  const stage = await interrupt(t, 9 * SIZE, 5)
  const part = await partOf(stage)
  await writeFile(part, flip(await readFile(part), 100))
  assert.equal(await goOn(stage), 4 + 9)

  const again = await interrupt(t, 9 * SIZE, 5)
  const tampered = await partOf(again)
  await writeFile(tampered, flip(await readFile(tampered), 100))
  // It begins anew, and is interrupted and changed once more.
  await ended(again, await again.meet((fresh) => cutAfter(fresh, 4 + 3)))
  assert.partialDeepStrictEqual(again.sides.bob.store.transfers.get(again.accepted), { again: true, chunks: 3 })
  await writeFile(tampered, flip(await readFile(tampered), 100))
  await again.meet()
  assert.equal(await codeOf(again.sides.bob.api.finished(again.accepted)), 'ERR_FILE_CORRUPT')
  assert.equal(await codeOf(again.sides.alice.api.finished(again.sent)), 'ERR_FILE_CORRUPT')
  await untilFiles(again.to, 0)
})

test('§2 a link in the place of the partial file leads nowhere', async (t) => {
  const stage = await interrupt(t, 9 * SIZE, 5)
  const [part, mine] = [await partOf(stage), join(stage.from, 'mine')]
  await writeFile(mine, 'not to be touched')
  await rm(part)
  await symlink(mine, part)
  await stage.meet()
  assert.equal(await codeOf(stage.sides.bob.api.finished(stage.accepted)), 'ERR_FILE_WRITE')
  assert.equal(await readFile(mine, 'utf8'), 'not to be touched')
})

test('§2 a crash between the name and the row that says so: it is not there twice', async (t) => {
  const stage = await interrupt(t, 3 * SIZE, 2)
  const part = await crashWhenWhole(stage)
  await writeFile(join(stage.to, 'a.bin'), 'of another day')
  await link(part, join(stage.to, 'a (1).bin'))
  await goOnUnderName(stage, 'a (1).bin')
})

test('§2 at the start partial files that nothing stands for are removed, and nobody else’s', async (t) => {
  const stage = await interrupt(t, 9 * SIZE, 5)
  const [ours, theirs] = [partName(bob.log.id), partName(alice.log.id)]
  const others = [theirs, '.0123456789abcdef.part', 'a.part']
  for (const name of [ours, ...others]) await writeFile(join(stage.to, name), 'x')
  const part = await partOfRow(stage)
  await stage.crash('bob')
  await stage.meet((fresh) => cutAfter(fresh, 1))
  while ((await readdir(stage.to)).includes(ours)) await settle()
  assert.deepEqual((await readdir(stage.to)).toSorted(), [part, ...others].toSorted())
})

const partOfRow = async ({ sides, accepted }: FileStage & { readonly accepted: number }): Promise<string> =>
  sides.bob.store.transfers.get(accepted)?.part ?? ''

test('§2 what nobody went on with for 30 days is given up', async (t) => {
  const stage = await interrupt(t, 9 * SIZE, 5)
  // Worlds of the test stand still: the row is moved instead.
  const { transfers, group } = stage.sides.bob.store
  const row = transfers.get(stage.accepted) ?? assert.fail()
  await stage.sides.alice.api.cancel(stage.sent)
  const aged = await group.run(() => {
    const { number } = transfers.add({
      ...row,
      id: new Uint8Array(16),
      queued: row.queued - FILE_AGE_MAX * 1000 - 1,
      part: partName(bob.log.id),
    })
    return number
  })
  await stage.crash('bob')
  await stage.meet()
  assert.equal(await codeOf(stage.sides.bob.api.finished(aged)), 'ERR_FILE_EXPIRED')
})
