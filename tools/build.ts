/**
 * Builds what is published, since Node refuses TypeScript below node_modules: JavaScript in `dist/`, and in `dist/types/` the declarations of
 * the package's entries. The files in `entry/` lead there when there are no sources. `npm pack` and `npm publish` build first.
 */
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundleTypes } from './bundle-types.ts'
import { entryNames } from './entries.ts'

/** A user's compiler at its strictest, that knows neither Node nor a browser. */
const USER = [
  '--ignoreConfig',
  '--noEmit',
  '--strict',
  '--skipLibCheck',
  'false',
  '--module',
  'nodenext',
  '--lib',
  'es2024',
]

/** Builds `root`/dist from scratch. Throws when the sources do not compile, or the result could not run or not be compiled against. */
export function build(root: string): void {
  const names = entryNames(root)
  const dist = join(root, 'dist')
  rmSync(dist, { recursive: true, force: true })
  mkdirSync(join(dist, 'types'), { recursive: true })
  // Below dist, where the compiler finds the packages of this checkout.
  const declarations = mkdtempSync(join(dist, 'declarations-'))
  try {
    compile('the sources', ['-p', join(root, 'tsconfig.build.json'), '--declarationDir', declarations])
    compile('the published declarations', [...USER, ...bundleTypes(declarations, names, join(dist, 'types'))])
  } finally {
    rmSync(declarations, { recursive: true })
  }
  for (const path of filesBelow(dist)) if (path.endsWith('.js')) refuseSourcePaths(join(dist, path))
  // tsc leaves all other files alone.
  for (const path of filesBelow(join(root, 'src')).filter((name) => !name.endsWith('.ts'))) {
    mkdirSync(dirname(join(dist, path)), { recursive: true })
    copyFileSync(join(root, 'src', path), join(dist, path))
  }
}

function compile(what: string, args: readonly string[]): void {
  const tsc = join(dirname(fileURLToPath(import.meta.resolve('typescript/package.json'))), 'bin/tsc')
  const { status, stdout } = spawnSync(process.execPath, [tsc, ...args], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${what} do not compile:\n${stdout}`)
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll(sep, '/'))
}

/** tsc rewrites the paths of imports, not those in `new URL('./x.ts', …)` or of a forked process. */
function refuseSourcePaths(file: string): void {
  const found = /(['"`])\.{1,2}\/[^'"`\n]*\.ts\1/.exec(readFileSync(file, 'utf8'))
  if (found) throw new Error(`${file} still names a source file: ${found[0]}`)
}

if (import.meta.main) build(dirname(import.meta.dirname))
