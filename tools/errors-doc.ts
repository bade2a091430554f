/**
 * Writes docs/errors.md from the source: `node tools/errors-doc.ts`. Sentences and advice are those of src/core/errors/; which public
 * function throws a code is what its docstring says after @throws; the files are those that make an error of that code, or give it as a
 * reason. A code that no file makes is an error: it would be a promise that nobody keeps.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, posix, relative, sep } from 'node:path'
import { ERROR_TABLES, type ErrorClass, type ErrorCode } from '../src/core/errors/codes.ts'
import type { ErrorText } from '../src/core/errors/text.ts'

const ROOT = dirname(import.meta.dirname)
const DOC = 'docs/errors.md'
const ENTRY_POINTS = ['src/index.ts', 'src/fernet.ts']
/** They list every code, and make none. */
const LISTS = /^src\/(core\/errors(\.ts|\/)|cli\/failure\.ts)/

const CLASSES = Object.keys(ERROR_TABLES) as ErrorClass[]
const codesOf = (name: ErrorClass): ErrorCode[] => Object.keys(ERROR_TABLES[name]) as ErrorCode[]
const isClass = (name: string): name is ErrorClass => Object.hasOwn(ERROR_TABLES, name)

export type Source = { readonly path: string; readonly text: string }

export const readSources = (root: string): readonly Source[] =>
  readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll(sep, '/'))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))

/** Files that make an error of that code; where none does, those that give it as a reason. Comparing with it is neither. */
export const makersOf = (sources: readonly Source[], name: ErrorClass, code: ErrorCode): readonly string[] => {
  const made = new RegExp(`new ${name}\\([^()]*'${code}'`)
  const given = new RegExp(`(?<![!=]== )'${code}'`)
  const pathsOf = (pattern: RegExp): string[] =>
    sources.filter(({ path, text }) => !LISTS.test(path) && pattern.test(text)).map(({ path }) => path)
  const makers = pathsOf(made)
  return makers.length > 0 ? makers : pathsOf(given)
}

/** What a docstring promises: codes, and classes of which it names no code. `_END` stands for the code before it with another end. */
export const promisesOf = (docstring: string): { readonly codes: Set<string>; readonly classes: Set<ErrorClass> } => {
  const codes = new Set<string>()
  const classes = new Set<ErrorClass>()
  let family = ''
  for (const [word] of docstring
    .split('@throws')
    .slice(1)
    .join(' ')
    .matchAll(/\b[A-Z]\w+Error\b|\bERR_[A-Z0-9_]+\*?|(?<=[ ,])_[A-Z_]+\b/g)) {
    if (isClass(word)) classes.add(word)
    if (word.endsWith('Error')) continue
    family = /^ERR_[A-Z0-9]+/.exec(word)?.[0] ?? family
    const code = word.startsWith('_') ? `${family}${word}` : word
    const meant = CLASSES.flatMap(codesOf).filter((one) =>
      code.endsWith('*') ? one.startsWith(code.slice(0, -1)) : one === code,
    )
    for (const one of meant) codes.add(one)
  }
  for (const name of classes) if (codesOf(name).some((code) => codes.has(code))) classes.delete(name)
  return { codes, classes }
}

/** A docstring with its indent, and the name of what it is about. */
const DOCUMENTED = /^( *)\/\*\*([\s\S]*?)\*\/\s*(?:export )?(?:const |readonly )?(\w+)/gm

/** What each file gives to the public API, by its path. */
const exportedNames = (sources: readonly Source[]): ReadonlyMap<string, ReadonlySet<string>> => {
  const names = new Map<string, Set<string>>()
  const add = (path: string, name: string) => names.set(path, (names.get(path) ?? new Set()).add(name))
  for (const { path, text } of sources.filter((source) => ENTRY_POINTS.includes(source.path))) {
    for (const [, name = ''] of text.matchAll(/^export const (\w+)/gm)) add(path, name)
    for (const [, list = '', from = ''] of text.matchAll(/^export (?:type )?\{([^}]*)\} from '([^']+)'/gm))
      for (const name of list.split(',')) add(posix.join(posix.dirname(path), from), name.replace('type ', '').trim())
  }
  return names
}

/** Public functions, and methods of public types, whose docstrings say what they throw. */
export const publicThrowers = (
  sources: readonly Source[],
): readonly { readonly who: string; readonly docstring: string }[] => {
  const exported = exportedNames(sources)
  return sources.flatMap(({ path, text }) =>
    [...text.matchAll(DOCUMENTED)].flatMap(({ 1: indent = '', 2: docstring = '', 3: name = '', index }) => {
      const owner = [...text.slice(0, index).matchAll(/^(?:export )?type (\w+)/gm)].at(-1)?.[1] ?? ''
      const isPublic = exported.get(path)?.has(indent === '' ? name : owner)
      if (!isPublic || !docstring.includes('@throws')) return []
      return [{ who: indent === '' ? name : `${owner}.${name}`, docstring }]
    }),
  )
}

/** The line above a class, in src/core/errors.ts. */
const summaryOf = (sources: readonly Source[], name: ErrorClass): string => {
  const text = sources.find(({ path }) => path === 'src/core/errors.ts')?.text ?? ''
  const summary = new RegExp(`/\\*\\* (.+) \\*/\nexport class ${name} `).exec(text)?.[1]
  if (summary === undefined) throw new Error(`src/core/errors.ts: ${name} has no summary`)
  return summary
}

const HEAD = `# Errors

Generated from the source by \`npm run docs\`; edit \`src/core/errors/\` and the docstrings instead.

Every failure is a \`HandfastError\`: a class for each family, and a \`code\` that is stable and belongs to that class alone. Branch on
\`code\`. \`message\` is the sentence below, with more in brackets when more is known; \`advice\` is what to do. Neither holds a secret.
A reason that an event or a transfer gives is a code too: \`errorOf(code)\` is its error.

*From* names the public functions that say so in their documentation, and then the files that make the error or give the code as
a reason; what such a file's callers call may throw it too.
`

const link = (path: string): string => `[${path.replace('src/', '')}](../${path})`

/** The whole document. @throws Error when a code is made by no file */
export const errorsDoc = (sources: readonly Source[]): string => {
  const throwers = publicThrowers(sources).map(({ who, docstring }) => ({ who, ...promisesOf(docstring) }))
  const sections = CLASSES.map((name) => {
    const rows = Object.entries<ErrorText>(ERROR_TABLES[name]).map(([code, [sentence, advice]]) => {
      const makers = makersOf(sources, name, code as ErrorCode)
      if (makers.length === 0) throw new Error(`${code}: no file of src makes it`)
      const from = [
        ...throwers.filter(({ codes }) => codes.has(code)).map(({ who }) => `\`${who}\``),
        ...makers.map(link),
      ].join(', ')
      return `| \`${code}\` | ${sentence} | ${advice} | ${from} |`
    })
    const whole = throwers.filter(({ classes }) => classes.has(name)).map(({ who }) => `\`${who}\``)
    const any = whole.length === 0 ? '' : `\nAny of them: ${whole.join(', ')}.\n`
    return `## ${name}\n\n${summaryOf(sources, name)}\n${any}\n| code | what is wrong | what to do | from |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`
  })
  return `${HEAD}\n${sections.join('\n')}`
}

if (import.meta.main) writeFileSync(join(ROOT, DOC), errorsDoc(readSources(ROOT)))
