/** What a process has to begin with to stay small. */

export const SMALL_HEAP = ['--max-semi-space-size=2', '--optimize-for-size']
export const ONE_HEAP = { MALLOC_ARENA_MAX: '1' }
