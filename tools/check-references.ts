/**
 * The reference rule: what documents and comments point at is there. `node tools/check-references.ts [root]` prints one line per breach,
 * `path:line rule: reference`, and exits 1; or one line of summary.
 *
 * In documents: links to files and their headings, paths and file names in backticks, and sections (`[session](session.md) §2`, `wire §1`). In
 * comments of sources: paths, and sections of documents (`docs/spec/wire.md §3`). The change log speaks of what was, so only its links count.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative, sep } from 'node:path'

export type ReferenceRule = 'link' | 'heading' | 'path' | 'file' | 'section'
export type BrokenReference = {
  readonly path: string
  readonly line: number
  readonly rule: ReferenceRule
  readonly reference: string
}

const FOLDERS = ['bench', 'demo', 'docs', 'entry', 'examples', 'fuzz', 'packaging', 'sim', 'src', 'test', 'tools']
const SPEC = 'docs/spec'
/** What documents are called where they are named without a link. */
const SPOKEN: Readonly<Record<string, string>> = { 'messages by mailbox': 'mailbox-messages' }

/** A path from the root, to a file; `{a,b}` stands for several. */
const PATH = new RegExp(`(?<![\\w/.-])(?:${FOLDERS.join('|')})(?:/[\\w{},.-]+)+\\.(?:[cm]?[jt]s|md|py|json|sh)\\b`, 'g')
/** `src/NAME.ts` is no file, and stands for several. */
const PLACEHOLDER = /\/[A-Z]+\.[a-z]+$/
const LINK = /\[[^\]]*\]\(([^)\s]+)\)/g
/** The name of a file, or its path within `src`. */
const FILE_NAME = /`((?:[\w-]+\/)*[\w.-]+\.(?:ts|py))`/g

type Found = { readonly rule: ReferenceRule; readonly reference: string; readonly at: number }

/** A path with braces as the paths that it stands for. */
const expand = (path: string): readonly string[] => {
  const [whole, names] = /\{([^{}]*)\}/.exec(path) ?? []
  if (whole === undefined || names === undefined) return [path]
  return names.split(',').flatMap((name) => expand(path.replace(whole, name)))
}

/** A heading as the anchor that a link to it has. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')

const headingsOf = (document: string): readonly string[] =>
  Array.from(document.matchAll(/^#+ (.*)$/gm), ([, heading = '']) => heading)

/** Whether a document has a section of that number. */
const hasSection = (document: string, section: string): boolean =>
  headingsOf(document).some((heading) => heading.startsWith(`${section} `))

const linksIn = (root: string, path: string, text: string): readonly Found[] =>
  Array.from(text.matchAll(LINK), ({ 1: target = '', index }): Found | null => {
    if (/^[a-z]+:/.test(target)) return null
    const [file = '', anchor] = target.split('#')
    const to = file === '' ? join(root, path) : join(root, dirname(path), file)
    if (!existsSync(to)) return { rule: 'link', reference: target, at: index }
    const missing = anchor !== undefined && !headingsOf(readFileSync(to, 'utf8')).map(anchorOf).includes(anchor)
    return missing ? { rule: 'heading', reference: target, at: index } : null
  }).filter((found) => found !== null)

const pathsIn = (root: string, text: string): readonly Found[] =>
  Array.from(text.matchAll(PATH), ({ 0: whole, index }) =>
    expand(whole)
      .filter((path) => !existsSync(join(root, path)) && !PLACEHOLDER.test(path))
      .map((reference): Found => ({ rule: 'path', reference, at: index })),
  ).flat()

/** Sections that a text speaks of: of a document that is linked, or named; and `(§2`, of the document it stands in. */
const sectionsIn = (root: string, path: string, text: string): readonly Found[] => {
  const documents = new Map(
    readdirSync(join(root, SPEC)).map((name) => [basename(name, '.md'), readFileSync(join(root, SPEC, name), 'utf8')]),
  )
  const own = path.startsWith(`${SPEC}/`) ? basename(path, '.md') : ''
  const spokenNames = [...documents.keys(), ...Object.keys(SPOKEN)].join('|')
  const form = new RegExp(
    `(?:(?:docs/spec/|\\]\\((?:\\S*/)?)([\\w-]+)\\.md\\)?\\s+|\\b(${spokenNames})\\s+|\\()§(\\d+)`,
    'g',
  )
  return Array.from(
    text.matchAll(form),
    ({ 0: reference, 1: linked, 2: spoken, 3: section = '', index: at }): Found[] => {
      const document = documents.get(linked ?? (spoken === undefined ? own : (SPOKEN[spoken] ?? spoken)))
      return document === undefined || hasSection(document, section) ? [] : [{ rule: 'section', reference, at }]
    },
  ).flat()
}

const namesIn = (root: string, names: ReadonlySet<string>, text: string): readonly Found[] => {
  const isThere = (name: string): boolean =>
    names.has(name) || ['', 'src'].some((top) => name.includes('/') && existsSync(join(root, top, name)))
  return Array.from(
    text.matchAll(FILE_NAME),
    ({ 1: reference = '', index: at }): Found => ({ rule: 'file', reference, at }),
  ).filter(({ reference }) => !isThere(reference) && !FOLDERS.includes(reference.split('/')[0] ?? ''))
}

/** Comments of a source, at their places; all else is blank. */
const commentsOf = (source: string): string =>
  source.replaceAll(/^.*$/gm, (line) => (/^\s*(?:\/?\*|\/\/|#)/.test(line) ? line : ' '.repeat(line.length)))

const listFiles = (root: string): readonly string[] => {
  const inFolders = FOLDERS.filter((top) => existsSync(join(root, top))).flatMap((top) =>
    readdirSync(join(root, top), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll(sep, '/')),
  )
  return [...readdirSync(root).filter((name) => name.endsWith('.md')), ...inFolders].sort()
}

const check = (root: string, path: string, names: ReadonlySet<string>): readonly Found[] => {
  const text = readFileSync(join(root, path), 'utf8')
  if (path === 'CHANGELOG.md') return linksIn(root, path, text)
  if (path.endsWith('.md'))
    return [
      ...linksIn(root, path, text),
      ...pathsIn(root, text),
      ...namesIn(root, names, text),
      ...sectionsIn(root, path, text),
    ]
  const comments = commentsOf(text)
  return [...pathsIn(root, comments), ...sectionsIn(root, path, comments)]
}

/** Checks every document and source of `root`; breaches come in the order of path and line. */
export function checkReferences(root: string): readonly BrokenReference[] {
  const files = listFiles(root)
  const names = new Set(files.map((path) => basename(path)))
  return files
    .filter((path) => /\.(?:md|[cm]?[jt]s|py)$/.test(path))
    .flatMap((path) => {
      const text = readFileSync(join(root, path), 'utf8')
      const lineOf = (at: number): number => text.slice(0, at).split('\n').length
      return check(root, path, names)
        .map(({ rule, reference, at }) => ({
          path,
          line: lineOf(at),
          rule,
          reference: reference.replaceAll('\n', ' '),
        }))
        .toSorted((a, b) => a.line - b.line)
    })
}

if (import.meta.main) {
  const broken = checkReferences(process.argv[2] ?? dirname(import.meta.dirname))
  for (const { path, line, rule, reference } of broken) console.log(`${path}:${line} ${rule}: ${reference}`)
  if (broken.length > 0) process.exitCode = 1
  else console.log('references: all that documents and comments point at is there')
}
