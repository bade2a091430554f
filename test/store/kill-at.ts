import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { DatabaseSync } from 'node:sqlite'

/** Lets this process die by SIGKILL at its n-th step on disk: a file written, synced, named or moved, a transaction begun or over. @returns what tells how many steps there were */
export const killAt = async (step: number): Promise<() => number> => {
  let left = step
  const tick = (): void => {
    left -= 1
    if (left === 0) process.kill(process.pid, 'SIGKILL')
  }
  const handle = await fs.promises.open(import.meta.filename)
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
  const { link, rename } = fs.promises
  const { renameSync } = fs
  fs.promises.link = async (...args) => {
    tick()
    await link(...args)
    tick()
  }
  fs.promises.rename = async (...args) => {
    tick()
    await rename(...args)
  }
  fs.renameSync = (...args) => {
    tick()
    renameSync(...args)
  }
  syncBuiltinESMExports()
  return () => step - left
}
