/**
 * Keeps a storage node small: V8 lets the space for young objects grow to what a busy machine likes, which with many records is a third of
 * the memory, and lets garbage wait; glibc gives threads heaps of their own, of which some ten MB are never used again. That is fixed when
 * a process begins, so `handfast node` begins once more, as the same process. Measured by `npm run sim -- --scenario memory`.
 */

const FLAGS = ['--max-semi-space-size=2', '--optimize-for-size']
const ONE_HEAP = { MALLOC_ARENA_MAX: '1' }

const { argv, env, execArgv, execPath, platform } = process
const isNode = argv.slice(2).includes('node')
const isSet = execArgv.some((flag) => flag.startsWith('--max-semi-space-size'))
if (isNode && !isSet && platform !== 'win32')
  process.execve?.(execPath, [execPath, ...execArgv, ...FLAGS, ...argv.slice(1)], { ...ONE_HEAP, ...env })
