import { createHash } from 'node:crypto'
import { constants, link, lstat, open, readdir, rename, rm } from 'node:fs/promises'
import { join, parse } from 'node:path'
import { equal } from '../core/bytes.ts'
import { systemCode } from '../store/failures.ts'
import { syncFolder } from '../store/private-files.ts'
import type { StoredTransfer } from '../store/transfer-rows.ts'
import { hashBytes } from './source-file.ts'

/**
 * How a file that came whole gets its name: never over another one, and there is no moment in which neither name leads to it.
 *
 *     with links      link to the name, which takes none that is there; the partial file goes when the row is written
 *     without         an empty file takes the name, and the partial one moves there in one step
 */

/** Names beyond that one are not tried: so many files of one name are somebody's mistake. */
const NAMES_MAX = 10_000

function* namesOf(name: string): Generator<string> {
  yield name
  const { name: stem, ext } = parse(name)
  for (let attempt = 1; attempt < NAMES_MAX; attempt++) yield `${stem} (${attempt})${ext}`
}

const isSame = async (path: string, { ino, dev }: { readonly ino: bigint; readonly dev: bigint }): Promise<boolean> => {
  const found = await lstat(path, { bigint: true }).catch(() => null)
  return found !== null && found.ino === ino && found.dev === dev
}

/** The empty file that keeps a name; one that somebody wrote to meanwhile is not ours any more. */
const isEmpty = (path: string): Promise<boolean> =>
  lstat(path).then(
    (found) => found.isFile() && found.size === 0,
    () => false,
  )

/** As memory sticks and shares need it. @throws what the system says, EEXIST when the name is taken */
const moveTo = async (from: string, path: string): Promise<void> => {
  const file = await open(path, 'wx', 0o600)
  await file.close()
  try {
    if (!(await isEmpty(path))) throw Object.assign(new Error('written to meanwhile'), { code: 'EEXIST' })
    await rename(from, path)
  } catch (error) {
    if (await isEmpty(path)) await rm(path, { force: true }).catch(() => {})
    throw error
  }
}

/** @throws what the system says, EEXIST when the name is taken */
const placeAt = async (from: string, path: string): Promise<void> => {
  try {
    await link(from, path)
  } catch (error) {
    if (systemCode(error) === 'EEXIST') throw error
    // Systems say in many ways that they have no links: what else it may be fails here again.
    await moveTo(from, path)
  }
}

/**
 * Gives the complete file its name, or the next free one: `name (1).txt`. One that was linked to its name before a crash keeps that.
 * @returns its path, once that is on disk; the partial file may still be there
 * @throws what the system says
 */
export const placePart = async (folder: string, part: string, name: string): Promise<string> => {
  const here = await lstat(join(folder, part), { bigint: true })
  if (here.nlink > 1n)
    for (const other of await readdir(folder))
      if (other !== part && (await isSame(join(folder, other), here))) return join(folder, other)
  let taken: unknown
  for (const free of namesOf(name)) {
    const path = join(folder, free)
    try {
      await placeAt(join(folder, part), path)
      await syncFolder(folder)
      return path
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error
      taken = error
    }
  }
  throw taken
}

const holds = async (path: string, { size, hash }: StoredTransfer, signal: AbortSignal): Promise<boolean> => {
  await using file = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0))
  const whole = createHash('sha256')
  await hashBytes(file, size, whole, signal)
  return equal(Uint8Array.from(whole.digest()), hash)
}

/**
 * Where one is that moved to its name before a crash, so that only its row does not say so: nothing of it is asked for again.
 * @returns null when the partial file is there still, or nowhere @throws what the system says; the signal's reason
 */
export const findPlaced = async (row: StoredTransfer, signal: AbortSignal): Promise<string | null> => {
  const { path: folder, part, name, size } = row
  const there = (path: string) => lstat(path).catch(() => null)
  if ((await there(join(folder, part ?? ''))) !== null) return null
  for (const one of namesOf(name)) {
    const path = join(folder, one)
    const found = await there(path)
    if (found === null) return null
    if (found.isFile() && found.size === size && (await holds(path, row, signal))) return path
  }
  return null
}
