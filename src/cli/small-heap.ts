/**
 * Keeps a storage node small: V8 lets the space for young objects grow to what a busy machine likes, and with many records that is a third
 * of the memory; glibc gives threads heaps of their own, of which some ten MB are never used again. Both are fixed when a process begins,
 * so `handfast node` begins once more, as the same process. Measured by `npm run sim -- --scenario memory` and `bench/storage-node.ts`.
 */

const FLAG = '--max-semi-space-size=2'
const ONE_HEAP = { MALLOC_ARENA_MAX: '1' }

const { argv, env, execArgv, execPath, platform } = process
const isNode = argv.slice(2).includes('node')
const isSet = execArgv.some((flag) => flag.startsWith('--max-semi-space-size'))
if (isNode && !isSet && platform !== 'win32')
  process.execve?.(execPath, [execPath, ...execArgv, FLAG, ...argv.slice(1)], { ...ONE_HEAP, ...env })
