/**
 * Builds what is published. In a checkout the package's exports are the sources, so that everything runs without a build; Node
 * refuses TypeScript below node_modules, and npm has no second set of exports for publishing. Hence `dist/` becomes a whole
 * package of its own, with its own package.json: `npm run build`, then `npm pack ./dist` or `npm publish ./dist`.
 */
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, posix, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readImports } from './read-imports.ts'

const DOCUMENTS = ['README.md', 'LICENSE', 'SECURITY.md', 'CHANGELOG.md']
const ONLY_IN_CHECKOUT = new Set(['private', 'scripts', 'devDependencies', 'allowScripts'])

export type Manifest = Readonly<Record<string, unknown>>

/** package.json as it is published from `dist/`: exports and commands name the built files, development leaves no trace. */
export function publishedManifest(checkout: Manifest): Manifest {
  const published = Object.entries(checkout).filter(([field]) => !ONLY_IN_CHECKOUT.has(field))
  return {
    ...Object.fromEntries(published),
    exports: mapStrings(checkout.exports, (path) => {
      const built = builtPath(path)
      return built === undefined ? path : { types: `./${built}.d.ts`, default: `./${built}.js` }
    }),
    bin: mapStrings(checkout.bin, (path) => {
      const built = builtPath(path)
      return built === undefined ? path : `${built}.js`
    }),
  }
}

function mapStrings(field: unknown, map: (path: string) => unknown): Manifest {
  return Object.fromEntries(
    Object.entries(field ?? {}).map(([name, path]) => {
      if (typeof path !== 'string') throw new TypeError(`package.json: "${name}" must be a path`)
      return [name, map(path)]
    }),
  )
}

/** './src/a/b.ts' is built to 'a/b' (.js and .d.ts); undefined for what is not a source file. */
function builtPath(path: string): string | undefined {
  return /^\.\/src\/(.+)(?<!\.d)\.ts$/.exec(path)?.[1]
}

/** Builds `root`/dist from scratch. Throws when the sources do not compile or the result could not run. */
export function build(root: string): void {
  const dist = join(root, 'dist')
  rmSync(dist, { recursive: true, force: true })
  const tsc = join(dirname(fileURLToPath(import.meta.resolve('typescript/package.json'))), 'bin/tsc')
  const { status } = spawnSync(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json')], { stdio: 'inherit' })
  if (status !== 0) throw new Error('the sources do not compile')

  // tsc writes what it compiles, and neither hand-written declarations nor other files.
  const copied = filesBelow(join(root, 'src')).filter((path) => path.endsWith('.d.ts') || !path.endsWith('.ts'))
  for (const path of copied) {
    mkdirSync(dirname(join(dist, path)), { recursive: true })
    copyFileSync(join(root, 'src', path), join(dist, path))
  }
  referAmbientModules(dist, copied)
  for (const path of filesBelow(dist)) if (path.endsWith('.js')) refuseSourcePaths(join(dist, path))

  const manifest = publishedManifest(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')))
  writeFileSync(join(dist, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  for (const name of DOCUMENTS) if (existsSync(join(root, name))) copyFileSync(join(root, name), join(dist, name))
  for (const path of Object.values(manifest.bin ?? {})) makeCommand(join(dist, path))
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll(sep, '/'))
}

/**
 * A module whose types we declare ourselves (`declare module 'x'`) is known to our users' compilers only when the files that
 * import it refer to the declaration.
 */
function referAmbientModules(dist: string, copied: readonly string[]): void {
  const declaredIn = new Map<string, string>()
  for (const path of copied.filter((name) => name.endsWith('.d.ts'))) {
    const text = readFileSync(join(dist, path), 'utf8')
    for (const [, name = ''] of text.matchAll(/^declare module ['"]([^'"]+)['"]/gm)) declaredIn.set(name, path)
  }
  for (const path of filesBelow(dist).filter((name) => name.endsWith('.d.ts') && !copied.includes(name))) {
    const text = readFileSync(join(dist, path), 'utf8')
    const wanted = new Set(readImports(text).map(({ specifier = '' }) => declaredIn.get(specifier)))
    const lines = [...wanted]
      .filter((file) => file !== undefined)
      .map((file) => `/// <reference path="${posix.relative(posix.dirname(path), file)}" />\n`)
    if (lines.length > 0) writeFileSync(join(dist, path), lines.join('') + text)
  }
}

/** tsc rewrites the paths of imports, not those in `new URL('./x.ts', …)` or of a forked process. */
function refuseSourcePaths(file: string): void {
  const found = /(['"`])\.{1,2}\/[^'"`\n]*\.ts\1/.exec(readFileSync(file, 'utf8'))
  if (found) throw new Error(`${file} still names a source file: ${found[0]}`)
}

function makeCommand(file: string): void {
  if (!readFileSync(file, 'utf8').startsWith('#!/usr/bin/env node\n')) throw new Error(`${file} needs a #! line`)
  chmodSync(file, 0o755)
}

if (import.meta.main) {
  build(dirname(import.meta.dirname))
  if (process.env.npm_lifecycle_event === 'prepack') {
    // npm would now pack the checkout, whose exports are sources.
    console.error('dist/ is built, and is the package: npm pack ./dist, or npm publish ./dist')
    process.exitCode = 1
  }
}
