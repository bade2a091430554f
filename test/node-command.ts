import { join } from 'node:path'
import { ONE_HEAP, SMALL_HEAP } from '../src/cli/heap-flags.ts'

/** How tests start Node with a script of this repository, so that it begins quickly, and once. */

const PRELOADED = join(import.meta.dirname, '../tools/compile-cache.mjs')

/** The file of the command `handfast`. */
export const MAIN: string = join(import.meta.dirname, '../src/cli/main.ts')

/** Loads modules as `npm test` itself does. */
export const QUICKLY: readonly string[] = ['--import', PRELOADED]

/** What `handfast` begins anew with when it is not there (`src/cli/fresh-process.ts`): given at once, it need not. */
const flagsOf = (isLong: boolean): readonly string[] => ['--disable-sigusr1', ...(isLong ? SMALL_HEAP : [])]

const isLong = (argv: readonly string[]): boolean => argv.includes('node') || argv.includes('listen')

/** What follows `node` to run a command line of `handfast`. */
export const commandLine = (argv: readonly string[]): string[] => [...QUICKLY, ...flagsOf(isLong(argv)), MAIN, ...argv]

/** What of the surroundings a process gets that must not get all of them. */
export const bareSurroundings = (argv: readonly string[] = []): Record<string, string> => {
  // What one process has compiled serves the others.
  const { PATH = '', NODE_COMPILE_CACHE = '' } = process.env
  // An identity is made for a network that somebody chose.
  const made = argv.includes('init') ? { HANDFAST_NETWORK: 'lan' } : {}
  return { PATH, NODE_COMPILE_CACHE, HANDFAST_LOOPBACK_ONLY: '1', ...made, ...(isLong(argv) ? ONE_HEAP : {}) }
}
