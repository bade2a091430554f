import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { link, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { CHUNK_BYTES as SIZE } from '../../src/core/limits/file-limits.ts'
import { codeOf } from '../connection/sides.ts'
import { arriveTwice, startMet } from '../files/file-sides.ts'

/** Files that are received to a real FAT file system, which has no links. */

/** Most commands of this kind say everything on stderr, and what is missing of Debian is named here. */
const run = (command: string, ...args: readonly string[]): void => {
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` }
  const { status, stderr, error } = spawnSync(command, args, { env, encoding: 'utf8' })
  assert.equal(status, 0, `${command} (of dosfstools or fusefat): ${error?.message ?? stderr}`)
}

/** A folder on a FAT file system of its own. */
const mountFat = async (t: TestContext): Promise<string> => {
  const parent = await mkdtemp(join(tmpdir(), 'handfast-'))
  const [image, folder] = [join(parent, 'image'), join(parent, 'stick')]
  await mkdir(folder)
  let unmount = (): void => {}
  t.after(async () => {
    unmount()
    await rm(parent, { recursive: true })
  })
  run('mkfs.vfat', '-C', image, '8192')
  run('fusefat', '-o', 'rw+', image, folder)
  unmount = () => run('fusermount', '-u', folder)
  return folder
}

/** A kernel without FUSE mounts nothing of the kind; whatever else is missing fails. */
const only = { skip: existsSync('/dev/fuse') ? false : 'this kernel has no /dev/fuse' }

test(
  'files of one name that come at once to a FAT file system are all there, and none is overwritten',
  only,
  async (t) => {
    const folder = await mountFat(t)
    const { sides, write } = await startMet(t)
    const written = await write('a.bin', 3 * SIZE)
    await writeFile(join(folder, 'A.BIN'), 'of another day')
    assert.notEqual(await codeOf(link(join(folder, 'A.BIN'), join(folder, 'link'))), undefined)
    // On FAT a name is the same in capitals.
    await arriveTwice(sides, written, folder)
    assert.deepEqual((await readdir(folder)).toSorted(), ['A.BIN', 'a (1).bin', 'a (2).bin'])
  },
)
