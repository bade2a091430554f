/**
 * Preloaded by `npm test`, where every test file is a process of its own and compiling the same modules anew for each took half of the
 * time, and by `npm run handfast`. What was compiled is kept in node_modules, and so goes with it.
 */
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'

const folder = join(import.meta.dirname, '../node_modules/.cache/compiled')
enableCompileCache(folder)
// For the processes that tests start.
process.env.NODE_COMPILE_CACHE = folder
