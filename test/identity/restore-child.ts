/** Child of the backup's tests: `node restore-child.ts <backup> <passphrase> <folder> <n>` restores, and dies by SIGKILL at its n-th step on disk. */

import { open } from 'node:fs/promises'
import { DatabaseSync, StatementSync } from 'node:sqlite'
import { restore } from '../../src/identity/backup.ts'

const [, , path = '', backupPassphrase = '', folder = '', step = ''] = process.argv
let left = Number(step)
const tick = (): void => {
  left -= 1
  if (left === 0) process.kill(process.pid, 'SIGKILL')
}

const handle = await open(import.meta.filename)
await handle.close()
const prototype: typeof handle = Object.getPrototypeOf(handle)
const { writeFile, sync } = prototype
prototype.writeFile = async function (this: typeof handle, ...args: Parameters<typeof writeFile>) {
  // Half of it, as a crash may leave it.
  if (left === 1) await writeFile.call(this, String(args[0]).slice(0, 20))
  tick()
  return writeFile.apply(this, args)
}
prototype.sync = async function (this: typeof handle) {
  tick()
  return sync.call(this)
}
const { exec } = DatabaseSync.prototype
DatabaseSync.prototype.exec = function (this: DatabaseSync, sql: string) {
  tick()
  exec.call(this, sql)
  if (sql === 'COMMIT') tick()
}
const { run } = StatementSync.prototype
StatementSync.prototype.run = function (this: StatementSync, ...args: unknown[]) {
  tick()
  return Reflect.apply(run, this, args)
} as typeof run

await restore(path, folder, { backupPassphrase })
process.stdout.write('done\n')
