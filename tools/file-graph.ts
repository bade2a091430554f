/**
 * Which files of this repository a file needs: what it imports, and what it names as a path, because it reads it or starts it.
 *
 * A string is such a path when it names a file or a folder that exists, seen from the file's own folder, or from the root if it has a slash or
 * a dot; of a template, the text before the first `${`, up to its last slash. A folder stands for every file in it. Comments do not count.
 * Files of `src` and `entry` name no folders in this way: their words are too often a folder's name. The rest stands in `NEEDS`.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join, posix, relative, sep } from 'node:path'
import { codeOnly, type Import, readImports } from './read-imports.ts'

/** What the text of a file does not say in this way. */
const NEEDS: Readonly<Record<string, readonly string[]>> = {
  'test/fuzz/targets.test.ts': ['fuzz'],
  'test/vectors/generate.ts': ['test/vectors'],
}

/** What a user of the package loads first; each loads the module of its name in `src`, by a path that it computes. */
const ENTRY = /^entry\/(.*)\.cjs$/

/** Folders that no test reads, or that are made anew. */
const OUTSIDE = new Set(['node_modules', '.git', 'dist', '.setup-lock'])

export type FileGraph = {
  readonly files: ReadonlySet<string>
  /** What runs when the file is loaded: imports that Node follows, relative ones as paths from the root. */
  loads(path: string): readonly Import[]
  /** Every file that `path` loads or names, and what these need, itself included. */
  reaches(path: string): ReadonlySet<string>
}

/** Every file below `root`, with slashes, as git spells them. */
const listFiles = (root: string, folder = root): string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (OUTSIDE.has(entry.name)) return []
    const path = join(folder, entry.name)
    return entry.isDirectory() ? listFiles(root, path) : [relative(root, path).replaceAll(sep, '/')]
  })

/** Where the package's own name leads: `handfast/x` to the file that package.json gives for it. */
const readExports = (root: string): ReadonlyMap<string, string> => {
  const { name, exports = {} } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const file = (target: unknown): string =>
    typeof target === 'string' ? target : file(Object.values(target as Record<string, unknown>).at(-1))
  return new Map(
    Object.entries(exports).map(([key, target]) => [posix.join(name, key), posix.normalize(file(target))] as const),
  )
}

/** The texts of strings, and what templates begin with, where each of them stands. */
const readStrings = (text: string, code: string): { readonly string: string; readonly after: string }[] =>
  Array.from(code.matchAll(/(['"])( *)\1|`( *)(`|\$\{)/g), ({ 0: whole, index, 4: end = "'" }) => {
    const string = text.slice(index + 1, index + whole.length - end.length)
    const head = end === '${' ? string.slice(0, string.lastIndexOf('/') + 1) : string
    return { string: head, after: code.slice(0, index).trimEnd() }
  })

const PYTHON_IMPORT = /^(?:from|import) +(\w+)/gm

export const readGraph = (root: string): FileGraph => {
  const files = new Set(listFiles(root))
  const folders = new Map<string, string[]>()
  for (const file of files)
    for (let folder = posix.dirname(file); folder !== '.'; folder = posix.dirname(folder)) {
      const inside = folders.get(folder)
      if (inside === undefined) folders.set(folder, [file])
      else inside.push(file)
    }
  const exported = readExports(root)
  const resolve = (from: string, specifier: string): string =>
    specifier.startsWith('.')
      ? posix.join(posix.dirname(from), specifier)
      : (exported.get(posix.normalize(specifier)) ?? specifier)

  const namedIn = (path: string, text: string, code: string, types: ReadonlySet<string | undefined>): string[] => {
    const inSource = /^(?:src|entry)\//.test(path)
    return readStrings(text, code).flatMap(({ string, after }) => {
      if (types.has(string)) return []
      // The file's own folder and those above it: only where a URL is made of it, or each '.' and '..' would be one.
      if (/^[./]*$/.test(string) && !(string.startsWith('.') && /new URL\($/.test(after))) return []
      const places = [posix.join(posix.dirname(path), string)]
      if (/[./]/.test(string)) places.push(posix.normalize(string))
      return places.flatMap((place) => {
        const target = place.replace(/\/$/, '')
        return files.has(target) ? [target] : inSource ? [] : (folders.get(target) ?? [])
      })
    })
  }

  const known = new Map<string, { readonly loads: readonly Import[]; readonly needs: readonly string[] }>()
  const read = (path: string) => {
    const before = known.get(path)
    if (before !== undefined) return before
    const needs = (NEEDS[path] ?? []).flatMap((place) => folders.get(place) ?? [place])
    const loads: Import[] = []
    if (/\.[cm]?[jt]s$/.test(path) && files.has(path)) {
      const text = readFileSync(join(root, path), 'utf8')
      const code = codeOnly(text)
      const types = new Set<string | undefined>()
      for (const found of readImports(text, code)) {
        if (found.typeOnly) types.add(found.specifier)
        else if (found.specifier !== undefined) loads.push({ ...found, specifier: resolve(path, found.specifier) })
      }
      const behind = ENTRY.exec(path)?.[1]
      if (behind !== undefined && files.has(`src/${behind}.ts`))
        loads.push({ specifier: `src/${behind}.ts`, line: 1, typeOnly: false, names: undefined })
      needs.push(...loads.map(({ specifier }) => specifier ?? ''), ...namedIn(path, text, code, types))
    } else if (path.endsWith('.py') && files.has(path)) {
      const text = readFileSync(join(root, path), 'utf8')
      needs.push(
        ...Array.from(text.matchAll(PYTHON_IMPORT), ([, name]) => posix.join(posix.dirname(path), `${name}.py`)),
      )
    }
    const found = { loads, needs }
    known.set(path, found)
    return found
  }

  return {
    files,
    loads: (path) => read(path).loads,
    reaches: (path) => {
      const reached = new Set([path])
      for (const one of reached) for (const next of read(one).needs) reached.add(next)
      return reached
    },
  }
}
