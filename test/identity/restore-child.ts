/** Child of the backup's tests: `node restore-child.ts <backup> <passphrase> <folder> <n>` restores, and dies by SIGKILL at its n-th step on disk, or tells how many there were. */

import { restore } from '../../src/identity/backup.ts'
import { killAt } from '../store/kill-at.ts'

const [, , path = '', backupPassphrase = '', folder = '', step = ''] = process.argv
const steps = await killAt(Number(step))
await restore(path, folder, { backupPassphrase })
process.stdout.write(`done in ${steps()}\n`)
