/** Child of the store's tests: `node database-child.ts <task> <folder> <n>` does it, and dies by SIGKILL at its n-th step on disk. */

import { initialize } from '../../src/identity/initialize.ts'
import { goOnWithoutDatabase } from '../../src/store/lost-database.ts'
import { killAt } from './kill-at.ts'

const [, , task = '', folder = '', step = ''] = process.argv
await killAt(Number(step))
if (task === 'make') await initialize(folder)
else await goOnWithoutDatabase(folder)
