import { ONE_HEAP, SMALL_HEAP } from './heap-flags.ts'

/**
 * Some of what a process is can be fixed only when it begins. So where the command line of Node did not say it, the command begins once
 * more, as the same process, before it has loaded or read anything.
 */

/**
 * Node opens its debugger on a local port when it gets SIGUSR1, and through that every user of the machine can run code as this one. A
 * handler of our own would come too late: a signal may have arrived before it, and is answered after it.
 */
const NO_DEBUGGER = '--disable-sigusr1'

/**
 * What runs for long, a storage node and a peer that listens, is kept small: V8 lets the space for young objects grow to what a busy machine
 * likes, which with many records, or a crowd of strangers, is a third of the memory, and lets garbage wait; glibc gives threads heaps of their own,
 * of which some ten MB are never used again. Measured by `npm run sim -- --scenario memory` and `node bench/crowd.ts`.
 */
const LONG = ['node', 'listen']

const { argv, env, execArgv, execPath, platform } = process
const isLong = argv.slice(2).some((word) => LONG.includes(word))
const shrinks = isLong && !execArgv.some((flag) => flag.startsWith('--max-semi-space-size'))
const missing = [...(execArgv.includes(NO_DEBUGGER) ? [] : [NO_DEBUGGER]), ...(shrinks ? SMALL_HEAP : [])]

if (missing.length > 0 && platform !== 'win32') {
  const surroundings = shrinks ? { ...ONE_HEAP, ...env } : env
  process.execve?.(execPath, [execPath, ...execArgv, ...missing, ...argv.slice(1)], surroundings)
}

// A passphrase or a PIN may be in the environment, and everybody may read a diagnostic report.
process.report.excludeEnv = true
