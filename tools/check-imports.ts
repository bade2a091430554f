/**
 * The folder rule: which file may import what. `node tools/check-imports.ts [root]` prints one line per breach, `path:line rule:
 * detail`, and exits 1; or one line of summary. The rules are the tables below; docs/architecture.md says why they are so.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join, posix, relative, sep } from 'node:path'
import { codeOnly, type Import, readImports } from './read-imports.ts'

/**
 * A file imports from its own room and from these; from those in `types` with `import type` only. A room is a folder of src, or a folder
 * in one; an entry that ends in .ts stands for that one file.
 */
type Row = { readonly values: readonly string[]; readonly types?: readonly string[] }

const DIRECTORY = ['directory', 'directory/client', 'directory/stock']

const ROOMS: Readonly<Record<string, Row>> = {
  core: { values: [] },
  directory: { values: ['core'] },
  'directory/client': { values: ['core', 'directory'] },
  'directory/stock': { values: ['core', 'directory', 'directory/client'] },
  'directory/node': { values: ['core', 'directory'] },
  store: { values: ['core'] },
  network: { values: ['core', ...DIRECTORY, 'directory/node'] },
  mailbox: { values: ['core', ...DIRECTORY, 'store'] },
  connection: { values: ['core', 'mailbox'], types: [...DIRECTORY, 'network'] },
  streams: { values: ['core', 'connection'] },
  contacts: { values: ['core', ...DIRECTORY, 'store', 'connection'], types: ['network'] },
  messages: { values: ['core', ...DIRECTORY, 'store', 'mailbox', 'connection', 'contacts'] },
  files: { values: ['core', 'store', 'connection', 'contacts', 'messages'] },
  identity: { values: ['core', ...DIRECTORY, 'store'] },
  peer: {
    values: [
      'core',
      ...DIRECTORY,
      'store',
      'mailbox',
      'connection',
      'streams',
      'contacts',
      'messages',
      'files',
      'identity',
    ],
    types: ['directory/node', 'network'],
  },
}

/**
 * The command line is a consumer of the library: its rooms, in this order. What they need of the library beyond `core` is loaded by the
 * command that runs; of most of it they know types alone.
 */
const CONTEXT = 'cli/context.ts'
const COMMAND_LINE: Readonly<Record<string, Row>> = {
  'cli/output': {
    values: ['core'],
    types: ['directory/client', 'store', 'connection', 'contacts', 'messages', 'files', 'identity', 'peer'],
  },
  'cli/terminal': { values: ['core', 'cli/output'], types: [CONTEXT] },
  'cli/options': {
    values: ['core', 'store', 'contacts', 'peer', 'cli/output', 'cli/terminal'],
    types: ['directory/client', CONTEXT],
  },
  'cli/identity': { values: ['core', 'store', 'cli/output', 'cli/options'], types: ['identity', CONTEXT] },
  'cli/chat': {
    values: ['core', 'cli/output', 'cli/terminal'],
    types: ['messages', 'files', 'peer', 'cli/options', CONTEXT],
  },
  'cli/node': {
    values: ['core', ...DIRECTORY, 'directory/node', 'store', 'peer', 'cli/output', 'cli/identity', 'cli/chat'],
    types: [CONTEXT],
  },
  'cli/commands': {
    values: [
      ...['core', 'directory/client', 'store', 'identity', 'peer'],
      ...['cli/output', 'cli/terminal', 'cli/options', 'cli/identity', 'cli/chat', 'cli/node'],
    ],
    types: ['connection', 'contacts', 'messages', 'files', CONTEXT],
  },
  cli: { values: ['cli/output', 'cli/terminal', 'cli/identity', 'cli/node', 'cli/commands'] },
}

const ROWS: Readonly<Record<string, Row>> = {
  ...ROOMS,
  ...COMMAND_LINE,
  sim: { values: ['core', ...DIRECTORY, 'directory/node', 'network'] },
}

/** Single files that may import more than their room: those that put real parts together, and the entry points. */
const FILES: Readonly<Record<string, readonly string[]>> = {
  'src/peer/open.ts': ['network'],
  'src/peer/join.ts': ['network', 'directory/node'],
  'src/peer/peer-records.ts': ['directory/node'],
  'src/peer/folder-network.ts': ['network'],
  'src/identity/replace-keys.ts': ['network', 'directory/node'],
  'src/identity/network-clock.ts': ['network', 'directory/node'],
  'src/identity/remembered-network.ts': ['network'],
  'src/identity/first-network.ts': ['network'],
  'src/cli/node/run-node.ts': ['network', 'directory/node'],
  'src/index.ts': Object.keys(ROOMS),
  'src/fernet.ts': ['core'],
  'src/testing.ts': ['peer', 'network', 'directory/node'],
}

const CRYPTO = /^(node:)?crypto$/

/** Modules from outside that `within` a folder `only` some files may name. A path that ends in / stands for the whole folder. */
const MODULES: readonly { module: (name: string) => boolean; within: string; only: readonly string[] }[] = [
  {
    module: (name) => /^(hyperdht|udx-native)(\/|$)/.test(name),
    within: 'src/',
    only: ['src/network/'],
  },
  {
    module: (name) => CRYPTO.test(name),
    within: 'src/core/',
    only: ['bytes.ts', 'p256.ts', 'kem.ts', 'kdf.ts', 'fernet.ts', 'key-formats.ts', 'ed25519.ts'].map(
      (file) => `src/core/${file}`,
    ),
  },
  { module: (name) => isBuiltin(name) && !CRYPTO.test(name), within: 'src/core/', only: [] },
]

/** The core is pure: time and randomness are arguments, and it talks to nobody. A `Date` of a given time reads no clock. */
const IMPURE =
  /(?<![\w$.])(?:globalThis\b|Date\s*\.\s*now|new\s+Date\b(?!\s*\(\s*[^\s)])|(?<!\bnew\s+)Date\s*\(|Math\s*\.\s*random|performance\s*\.\s*now|process\s*\??\.|console\b|set(?:Timeout|Interval|Immediate)\b)|\b(?:getRandomValues|randomUUID)\b/g

/** Its own name: inside src the way to another file is its path, or the rule would not see it. */
const SELF = /^handfast(\/|$)/

export type Rule = 'folder' | 'types-only' | 'module' | 'pure' | 'outside' | 'self' | 'computed' | 'place' | 'cycle'
export type Breach = { readonly path: string; readonly line: number; readonly rule: Rule; readonly detail: string }

/** A folder beside src that has a row of its own. */
const SIM = 'sim'
/** Folders beside src that import what they like, but not in circles. */
const BESIDE = ['bench', 'demo', 'examples', 'fuzz', 'test', 'tools']

/** Checks every file of `root`; breaches come in the order of path and line. Throws when there is no src. */
export function checkImports(root: string): Breach[] {
  const breaches: Breach[] = []
  const graph = new Map<string, readonly { to: string; line: number }[]>()
  for (const path of sourceFiles(root)) {
    const text = readFileSync(join(root, path), 'utf8')
    const code = codeOnly(text)
    const imports = readImports(text, code)
    const add = (line: number, rule: Rule, detail: string) => breaches.push({ path, line, rule, detail })
    graph.set(
      path,
      imports.flatMap(({ specifier, line }) =>
        specifier?.startsWith('.') ? [{ to: target(path, specifier), line }] : [],
      ),
    )
    if (BESIDE.some((top) => path.startsWith(`${top}/`))) continue

    const misplaced = placeBreach(path)
    if (misplaced !== undefined) add(1, 'place', misplaced)
    if (path.startsWith('src/core/')) {
      for (const { 0: word, index } of code.matchAll(IMPURE)) {
        add(code.slice(0, index).split('\n').length, 'pure', `src/core must not use ${word.replace(/\s+/g, ' ')}`)
      }
    }
    for (const found of imports) {
      const breach = importBreach(path, found)
      if (breach !== undefined) add(found.line, ...breach)
    }
  }
  breaches.push(...cycles(graph))
  return breaches.sort((a, b) => (a.path === b.path ? a.line - b.line : a.path < b.path ? -1 : 1))
}

/** Rooms and files that the tables speak of and `root` does not have: an allowance ends with what it was for. */
export function staleEntries(root: string): string[] {
  const rooms = Object.keys(ROWS).map((room) => (room === SIM ? room : `src/${room}`))
  const named = [...rooms, ...Object.keys(FILES), ...MODULES.flatMap(({ only }) => only)]
  return named.filter((path) => !existsSync(join(root, path)))
}

function sourceFiles(root: string): string[] {
  return ['src', ...[SIM, ...BESIDE].filter((top) => existsSync(join(root, top)))]
    .flatMap((top) => readdirSync(join(root, top), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && /\.[cm]?[jt]s$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll(sep, '/'))
    .filter((path) => !path.includes('/node_modules/'))
    .sort()
}

/** The room a path lies in: 'src' for a file directly in src, undefined when it lies in none. */
function roomOf(path: string): string | undefined {
  const [top, ...folders] = path.split('/').slice(0, -1)
  if (top !== 'src') return top === SIM ? SIM : undefined
  if (folders[0] === 'core') return 'core'
  return folders.length === 0 ? 'src' : folders.join('/')
}

function target(from: string, specifier: string): string {
  return posix.normalize(posix.join(posix.dirname(from), specifier))
}

function placeBreach(path: string): string | undefined {
  const room = roomOf(path) ?? ''
  if (room === 'src')
    return path in FILES || path.endsWith('.d.ts') ? undefined : 'only the entry points lie directly in src'
  return room in ROWS ? undefined : `src/${room} is in no table of tools/check-imports.ts`
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
  const from = roomOf(path) ?? ''
  const file = target(path, specifier)
  const to = roomOf(file)
  if (to === undefined) return ['outside', `'${specifier}' is none of src's files`]
  const { values, types = [] } = ROWS[from] ?? { values: [] }
  const isIn = (rooms: readonly string[]) => rooms.includes(to) || rooms.includes(file.replace(/^src\//, ''))
  if ((to === from && from in ROWS) || isIn(values) || isIn(FILES[path] ?? [])) return undefined
  if (!isIn(types)) return ['folder', `${from} must not import '${specifier}'`]
  return typeOnly ? undefined : ['types-only', `${from} may import only types of ${to}: write "import type"`]
}

/** One breach for each cycle of imports, of types too, that a walk through the files meets, at the import that closes it. */
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
