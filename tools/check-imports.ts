/**
 * The folder rule: which file may import what. `node tools/check-imports.ts [root]` prints one line per breach, `path:line rule:
 * detail`, and exits 1; or one line of summary. The rules are the tables below; docs/architecture.md says why they are so.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join, posix, relative, sep } from 'node:path'
import { codeOnly, type Import, readImports } from './read-imports.ts'

/** A file imports its own folder and these; those in `types` with `import type` only. All lie in src, but for the page and the simulator. */
const FOLDERS: Readonly<Record<string, { readonly values: readonly string[]; readonly types?: readonly string[] }>> = {
  core: { values: [] },
  directory: { values: ['core'] },
  store: { values: ['core'] },
  network: { values: ['core'] },
  mailbox: { values: ['core', 'directory', 'store'] },
  peer: { values: ['core', 'directory', 'store', 'mailbox'], types: ['network'] },
  daemon: { values: ['core', 'directory', 'store', 'peer'] },
  cli: { values: ['core', 'directory', 'store', 'peer', 'daemon'] },
  web: { values: [] },
  sim: { values: ['core', 'directory', 'network'] },
}

const ENTRY_POINT = ['core', 'directory', 'store', 'network', 'mailbox', 'peer', 'daemon', 'src']

/** Single files that may import more than their folder: the three that put real parts together, and the entry points. */
const FILES: Readonly<Record<string, readonly string[]>> = {
  'src/peer/open.ts': ['network'],
  'src/identity/replace-keys.ts': ['network'],
  'src/cli/commands/node.ts': ['network'],
  'src/index.ts': ENTRY_POINT,
  'src/fernet.ts': ENTRY_POINT,
}

const CRYPTO = /^(node:)?crypto$/

/** Modules from outside that `within` a folder `only` some files may name. A path that ends in / stands for the whole folder. */
const MODULES: readonly { module: (name: string) => boolean; within: string; only: readonly string[] }[] = [
  {
    module: (name) => /^(hyperdht|udx-native)(\/|$)/.test(name),
    within: 'src/',
    only: ['src/network/', 'src/network/directory-plugin.ts', 'src/network/directory-requests.ts'],
  },
  {
    module: (name) => CRYPTO.test(name),
    within: 'src/core/',
    only: ['bytes.ts', 'p256.ts', 'kem.ts', 'kdf.ts', 'fernet.ts', 'key-formats.ts', 'cpace.ts'].map(
      (file) => `src/core/${file}`,
    ),
  },
  { module: (name) => isBuiltin(name) && !CRYPTO.test(name), within: 'src/core/', only: [] },
]

/** The core is pure: time and randomness are arguments, and it talks to nobody. */
const IMPURE =
  /(?<![\w$.])(?:globalThis\b|Date\s*\.\s*now|new\s+Date\b|Date\s*\(|Math\s*\.\s*random|performance\s*\.\s*now|process\s*\??\.|console\b|set(?:Timeout|Interval|Immediate)\b)|\b(?:getRandomValues|randomUUID)\b/g

/** Its own name: inside src the way to another file is its path, or the rule would not see it. */
const SELF = /^handfast(\/|$)/

export type Rule = 'folder' | 'types-only' | 'module' | 'pure' | 'outside' | 'self' | 'computed' | 'place' | 'cycle'
export type Breach = { readonly path: string; readonly line: number; readonly rule: Rule; readonly detail: string }

/** Folders beside src that have rules of their own, where they exist. */
const BESIDE = ['web', 'sim']

/** Checks every file of `root`/src, `root`/web and `root`/sim; breaches come in the order of path and line. Throws when there is no src. */
export function checkImports(root: string): Breach[] {
  const breaches: Breach[] = []
  const graph = new Map<string, { to: string; line: number }[]>()
  for (const path of sourceFiles(root)) {
    const text = readFileSync(join(root, path), 'utf8')
    const code = codeOnly(text)
    const add = (line: number, rule: Rule, detail: string) => breaches.push({ path, line, rule, detail })

    const misplaced = placeBreach(path)
    if (misplaced !== undefined) add(1, 'place', misplaced)
    if (path.startsWith('src/core/')) {
      for (const { 0: word, index } of code.matchAll(IMPURE)) {
        add(code.slice(0, index).split('\n').length, 'pure', `src/core must not use ${word.replace(/\s+/g, ' ')}`)
      }
    }
    const edges: { to: string; line: number }[] = []
    graph.set(path, edges)
    for (const found of readImports(text, code)) {
      const breach = importBreach(path, found)
      if (breach !== undefined) add(found.line, ...breach)
      if (!found.typeOnly && found.specifier?.startsWith('.')) {
        edges.push({ to: target(path, found.specifier), line: found.line })
      }
    }
  }
  breaches.push(...cycles(graph))
  return breaches.sort((a, b) => (a.path === b.path ? a.line - b.line : a.path < b.path ? -1 : 1))
}

function sourceFiles(root: string): string[] {
  return ['src', ...BESIDE.filter((top) => existsSync(join(root, top)))]
    .flatMap((top) => readdirSync(join(root, top), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && /\.[cm]?[jt]s$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll(sep, '/'))
    .filter((path) => !path.includes('/node_modules/'))
    .sort()
}

/** The folder of the tables a path lies in: 'src' for a file directly in src, undefined when it is none of theirs. */
function folderOf(path: string): string | undefined {
  const [top, folder, file] = path.split('/')
  if (top !== 'src') return BESIDE.find((one) => one === top)
  return file === undefined ? 'src' : folder
}

function target(from: string, specifier: string): string {
  return posix.normalize(posix.join(posix.dirname(from), specifier))
}

function placeBreach(path: string): string | undefined {
  const folder = folderOf(path)
  if (folder === 'src')
    return path in FILES || path.endsWith('.d.ts') ? undefined : 'only the entry points lie directly in src'
  return folder !== undefined && folder in FOLDERS
    ? undefined
    : `src/${folder} is in no table of tools/check-imports.ts`
}

/** What is wrong with one import of the file at `path`. */
function importBreach(path: string, { specifier, typeOnly }: Import): [Rule, string] | undefined {
  if (specifier === undefined) return ['computed', 'import() takes one string, so that it can be checked']
  if (SELF.test(specifier)) return ['self', `'${specifier}': files of src name each other by path`]
  if (/^(\/|#|file:|data:)/.test(specifier)) return ['outside', `'${specifier}' is no relative path`]
  if (!specifier.startsWith('.')) {
    const isIn = (place: string) => path === place || (place.endsWith('/') && path.startsWith(place))
    const limit = MODULES.find(({ module, within, only }) => isIn(within) && module(specifier) && !only.some(isIn))
    if (limit === undefined) return undefined
    const only = limit.only.length === 0 ? 'nothing' : `only ${limit.only.join(', ')}`
    return ['module', `in ${limit.within} ${only} may import '${specifier}'`]
  }
  const from = folderOf(path) ?? ''
  const to = folderOf(target(path, specifier))
  if (to === undefined) return ['outside', `'${specifier}' is none of src's files`]
  const allowed = [...(FOLDERS[from]?.values ?? []), ...(FILES[path] ?? [])]
  if ((to === from && from in FOLDERS) || allowed.includes(to)) return undefined
  if (!FOLDERS[from]?.types?.includes(to)) return ['folder', `${from} must not import '${specifier}'`]
  return typeOnly ? undefined : ['types-only', `${from} may import only types of ${to}: write "import type"`]
}

/** One breach for each cycle of value imports that a walk through the files meets, at the import that closes it. */
function cycles(graph: ReadonlyMap<string, readonly { to: string; line: number }[]>): Breach[] {
  const found: Breach[] = []
  const done = new Set<string>()
  const walk = (path: string, trail: readonly string[]) => {
    const here = [...trail, path]
    for (const { to, line } of graph.get(path) ?? []) {
      const start = here.indexOf(to)
      if (start >= 0) found.push({ path, line, rule: 'cycle', detail: [...here.slice(start), to].join(' → ') })
      else if (!done.has(to)) walk(to, here)
    }
    done.add(path)
  }
  for (const path of graph.keys()) if (!done.has(path)) walk(path, [])
  return found
}

if (import.meta.main) {
  const root = process.argv[2] ?? dirname(import.meta.dirname)
  const breaches = checkImports(root)
  for (const { path, line, rule, detail } of breaches) console.log(`${path}:${line} ${rule}: ${detail}`)
  if (breaches.length > 0) process.exitCode = 1
  else console.log(`imports: ${sourceFiles(root).length} files keep the folder rule`)
}
