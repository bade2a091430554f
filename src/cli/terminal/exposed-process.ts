import { url } from 'node:inspector'
import { debuglog } from 'node:util'
import { UsageError } from '../../core/errors.ts'

/** What Node can be started with that hands the memory of the process to others (docs/threat-model.md, "The process"). */

/** Node takes `_` for `-` in its flags; no snapshot of a full heap is what it says to processes that it starts itself. */
const SNAPSHOTS = /--heapsnapshot[-_](?:signal|near[-_]heap[-_]limit(?![= ]0\b))/

/** What shows the secrets of this process to others, for people to read; null when nothing does. */
export const exposedBy = (): string | null => {
  if (url() !== undefined) return 'a debugger is open (--inspect)'
  const flags = [...process.execArgv, process.env.NODE_OPTIONS ?? ''].join(' ')
  const [snapshots] = SNAPSHOTS.exec(flags) ?? []
  if (snapshots !== undefined) return `${snapshots} writes its memory into a file`
  // It prints the environment of pkcs11-tool, in which the PIN is.
  if (debuglog('child_process').enabled) return 'NODE_DEBUG=child_process prints what other programs are given'
  return null
}

/** @throws UsageError ERR_EXPOSED */
export const refuseExposed = (hint: string | null): void => {
  if (hint !== null) throw new UsageError('ERR_EXPOSED', { hint })
}
