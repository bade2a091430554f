/** Child of the backup's tests: `node restore-child.ts <backup> <passphrase> <folder> <n>` restores, and dies by SIGKILL at its n-th step on disk. */

import { restore } from '../../src/identity/backup.ts'
import { killAt } from '../store/kill-at.ts'

const [, , path = '', backupPassphrase = '', folder = '', step = ''] = process.argv
await killAt(Number(step))
await restore(path, folder, { backupPassphrase })
process.stdout.write('done\n')
