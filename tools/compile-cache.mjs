/**
 * Preloaded by `npm test`, by the processes that tests start, and by `npm run handfast`: loading a few hundred modules is most of what a
 * process costs that lives for a moment. What was compiled is kept in node_modules, and so goes with it.
 */
import { enableCompileCache, registerHooks } from 'node:module'
import { join } from 'node:path'

const folder = join(import.meta.dirname, '../node_modules/.cache/compiled')
enableCompileCache(folder)
// For the processes that tests start.
process.env.NODE_COMPILE_CACHE = folder

// A relative name with its extension can mean one file only. Node looks for that file, its real path and its package.json before it
// opens it, which is a third of the time to load a module.
registerHooks({
  resolve: (specifier, context, next) =>
    specifier.startsWith('.') && specifier.endsWith('.ts') && context.parentURL?.startsWith('file:')
      ? { url: new URL(specifier, context.parentURL).href, format: 'module-typescript', shortCircuit: true }
      : next(specifier, context),
})
