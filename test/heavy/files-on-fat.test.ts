import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { link, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { CHUNK_BYTES as SIZE } from '../../src/core/limits/file-limits.ts'
import { codeOf, makeTemporary } from '../connection/sides.ts'
import { addresses, nextOffer, sha256, startMet, untilFiles } from '../files/file-sides.ts'

/** Files that are received to a real FAT file system, which has no links. */

const run = (command: string, ...args: readonly string[]): string | null => {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' })
  return status === 0 ? null : `${command}: ${error?.message ?? stderr.trim()}`
}

/** A folder on a FAT file system of its own; else what this machine lacks for one. */
const mountFat = async (t: TestContext): Promise<{ readonly folder: string } | { readonly lacks: string }> => {
  const parent = await makeTemporary(t)
  const [image, folder] = [join(parent, 'image'), join(parent, 'stick')]
  await mkdir(folder)
  const lacks = run('mkfs.vfat', '-C', image, '8192') ?? run('mount', '-o', 'loop', image, folder)
  if (lacks !== null) return { lacks }
  t.after(() => run('umount', folder))
  return { folder }
}

test('files of one name that come at once to a FAT file system are all there, and none is overwritten', async (t) => {
  const fat = await mountFat(t)
  if ('lacks' in fat) return t.skip(fat.lacks)
  const { folder } = fat
  const { sides, write } = await startMet(t)
  const { path, content } = await write('a.bin', 3 * SIZE)
  await writeFile(join(folder, 'A.BIN'), 'of another day')
  assert.notEqual(await codeOf(link(join(folder, 'A.BIN'), join(folder, 'link'))), undefined)
  const sent = [await sides.alice.api.send(addresses.bob, path), await sides.alice.api.send(addresses.bob, path)]
  for (const _ of sent) await (await nextOffer(sides.bob)).accept(folder)
  for (const { id } of sent) await sides.alice.api.finished(id)
  await untilFiles(folder, 3)
  // On FAT a name is the same in capitals.
  assert.deepEqual((await readdir(folder)).toSorted(), ['A.BIN', 'a (1).bin', 'a (2).bin'])
  assert.equal(await readFile(join(folder, 'a.bin'), 'utf8'), 'of another day')
  for (const name of ['a (1).bin', 'a (2).bin'])
    assert.equal(sha256(await readFile(join(folder, name))), sha256(content))
})
