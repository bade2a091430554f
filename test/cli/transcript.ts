import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * A transcript is a text of commands and what they print:
 *
 *     $ handfast id --folder {dir}/nobody     a command; {dir} is a new folder, {name} what was captured before
 *     + alice/identity.json {}                writes a file into that folder
 *     > a line                                piped in
 *     a line                                  on stdout
 *     ! a line                                on stderr
 *     = 1                                     exit code, 0 when not given
 *
 * In expected lines `…` stands for any text, a line `...` for any lines, and <address>, <hash>, <phrase>, <number> for one of those;
 * <address alice> keeps it as {alice}. Lines that begin with # say what comes.
 */
export type Step = {
  readonly line: number
  readonly title: string
  readonly argv: readonly string[]
  readonly files: readonly (readonly [path: string, content: string])[]
  readonly stdin: readonly string[]
  readonly stdout: readonly string[]
  readonly stderr: readonly string[]
  readonly code: number
}

const KINDS: Readonly<Record<string, string>> = {
  address: 'hf1[02-9ac-hj-np-z]{58}',
  hash: '[0-9a-f]{64}',
  phrase: '(?:[a-z]+ ){23}[a-z]+',
  number: '[0-9]+',
}

export const readTranscript = (text: string): readonly Step[] => {
  const steps: { -readonly [K in keyof Step]: Step[K] extends readonly (infer T)[] ? T[] : Step[K] }[] = []
  let title = ''
  let files: (readonly [string, string])[] = []
  for (const [index, line] of text.split('\n').entries()) {
    const step = steps.at(-1)
    const [mark, rest] = [line.slice(0, 2), line.slice(2)]
    if (line === '') continue
    if (mark === '# ') title = rest
    else if (mark === '+ ') {
      const [path = '', content = ''] = rest.split(/ (.*)/)
      files.push([path, content])
    } else if (mark === '$ ') {
      const argv = (rest.match(/"[^"]*"|\S+/g) ?? []).map((word) => word.replaceAll('"', '')).slice(1)
      steps.push({ line: index + 1, title, argv, files, stdin: [], stdout: [], stderr: [], code: 0 })
      files = []
    } else if (step === undefined) throw new Error(`line ${index + 1} belongs to no command`)
    else if (mark === '> ') step.stdin.push(rest)
    else if (mark === '! ') step.stderr.push(rest)
    else if (mark === '= ') step.code = Number(rest)
    else step.stdout.push(line)
  }
  return steps
}

export type Names = Map<string, string>

/** Puts in what {names} stand for. */
export const fill = (text: string, names: Names): string =>
  text.replace(/\{([a-z]+)\}/g, (whole, name: string) => names.get(name) ?? whole)

export const writeFiles = (step: Step, folder: string): void => {
  for (const [path, content] of step.files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content, { mode: 0o600 })
  }
}

/** Whether `actual` is what the lines say; captures into `names`. */
export const matches = (expected: readonly string[], actual: string, names: Names): boolean => {
  const source = expected.map((line) => (line === '...' ? '(?:.*\n)*?' : `${pattern(fill(line, names))}\n`)).join('')
  const found = new RegExp(`^${source}$`).exec(actual)
  for (const [name, value] of Object.entries(found?.groups ?? {})) names.set(name, value)
  return found !== null
}

const pattern = (line: string): string =>
  line
    .split(/(…|<[a-z]+(?: [a-z]+)?>)/)
    .map((part, index) => {
      if (index % 2 === 0) return RegExp.escape(part)
      const [, kind = '', name] = /^<(\w+)(?: (\w+))?>$/.exec(part) ?? []
      const source = part === '…' ? '.*' : KINDS[kind]
      if (source === undefined) throw new Error(`${part} is no kind of text`)
      return name === undefined ? source : `(?<${name}>${source})`
    })
    .join('')
