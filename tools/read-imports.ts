/** Reads the imports of a TypeScript file without parsing it all: enough to check who imports whom, and nothing more. */

export type Import = {
  /** What stands between the quotes; undefined when an `import()` or `require()` computes it. */
  readonly specifier: string | undefined
  readonly line: number
  /** True for `import type` and `export type`, which leave nothing behind at run time. */
  readonly typeOnly: boolean
  /** What is taken from it, by the names it has there; undefined when that may be all of it: a default, `*`, or a call. */
  readonly names: readonly string[] | undefined
}

/** After these a slash begins a regular expression; after any other word, or a closing bracket, it divides. */
const BEFORE_REGEX = new Set(['return', 'typeof', 'case', 'in', 'of', 'do', 'else', 'void', 'delete', 'await', 'yield'])

/**
 * The same text, letter for letter as long, with comments and the insides of strings, templates and regular expressions blanked;
 * quotes, newlines and the code in `${…}` stay. What is found in it is code, at the position it has in the text.
 */
export function codeOnly(text: string): string {
  const out: string[] = []
  const blank = (part: string) => out.push(part.replace(/[^\n]/g, ' '))
  /** One depth of braces for each template whose `${` is open. */
  const templates: number[] = []
  let last = '' // the last word or sign of code, to tell a regular expression from a division
  let at = 0
  const template = () => {
    const end = /(?:[^\\`$]|\\[\s\S]|\$(?!\{))*(`|\$\{)?/y
    end.lastIndex = at
    const [whole, stop = ''] = end.exec(text) ?? ['']
    blank(whole.slice(0, whole.length - stop.length))
    out.push(stop)
    at += whole.length
    if (stop === '${') templates.push(0)
    last = stop === '${' ? '{' : '`'
  }
  while (at < text.length) {
    const token = /\/\/.*|\/\*[\s\S]*?(?:\*\/|$)|(['"])(?:[^\\\n]|\\[\s\S])*?(?:\1|(?=\n)|$)|[\w$]+|\s+|[\s\S]/y
    token.lastIndex = at
    const [word, quote] = token.exec(text) ?? ['']
    if (word === '/' && (BEFORE_REGEX.has(last) || !/[\w$)\]}'"`]$/.test(last))) {
      const regex = /\/(?:[^\\/[\n]|\\.|\[(?:[^\\\]\n]|\\.)*\])+\/[a-z]*/y
      regex.lastIndex = at
      const whole = regex.exec(text)?.[0] ?? word
      blank(whole)
      last = ')' // a value
      at += whole.length
      continue
    }
    at += word.length
    if (word.startsWith('//') || word.startsWith('/*') || /^\s/.test(word)) {
      blank(word)
      continue
    }
    if (quote !== undefined) {
      const closed = word.length > 1 && word.endsWith(quote)
      out.push(quote)
      blank(word.slice(1, closed ? -1 : undefined))
      if (closed) out.push(quote)
    } else {
      out.push(word)
    }
    last = word
    const open = templates.length - 1
    if (word === '`') template()
    else if (word === '{' && open >= 0) templates[open] = (templates[open] ?? 0) + 1
    else if (word === '}' && open >= 0) {
      const depth = templates[open] ?? 0
      if (depth > 0) templates[open] = depth - 1
      else {
        templates.pop()
        template()
      }
    }
  }
  return out.join('')
}

const NAME = String.raw`[\w$]+`
const CLAUSES = String.raw`(?:${NAME}\s*,?\s*)?(?:\*\s*as\s+${NAME}|\{[^{}]*\})?`
/** The four ways to name another module. Each ends right behind the opening quote, if there is one. */
const FORMS: readonly RegExp[] = [
  // import a, { b } from '…'   import type a from '…' (but `type` and `defer` may also be names)
  new RegExp(
    String.raw`(?<![\w$.])import\b\s*(type\b(?!\s*(?:,|from\s*['"]))\s*)?(?:defer\s+(?=\*))?${CLAUSES}\s*\bfrom\s*(['"])`,
    'g',
  ),
  // export { b } from '…'   export * as a from '…'
  new RegExp(String.raw`(?<![\w$.])export\b\s*(type\b\s*)?(?:\*(?:\s*as\s+${NAME})?|\{[^{}]*\})\s*from\s*(['"])`, 'g'),
  // import '…'
  /(?<![\w$.])import()\s*(['"])/g,
  // import('…')   require('…')   import a = require('…')
  /(?<![\w$.])(?:import(?:\.defer)?|require)()\s*\(\s*(['"`])?/g,
]

/** The names between the braces, when they are all that the clause takes. */
const namesOf = (clause: string): string[] | undefined => {
  const only = /^(?:import|export)\b\s*(?:type\b\s*)?\{([^{}]*)\}/.exec(clause)?.[1]
  const names = only?.split(',').map((one) => one.trim())
  return names?.filter((one) => one !== '' && !/^type\s/.test(one)).map((one) => one.replace(/\s+as\s[\s\S]*/, ''))
}

/** Every import, re-export, `import()` and `require()` of a file's text, in the order they stand there. */
export function readImports(text: string, code: string = codeOnly(text)): Import[] {
  const found: (Import & { at: number })[] = []
  for (const form of FORMS) {
    for (const match of code.matchAll(form)) {
      const [whole, type, quote] = match
      const start = match.index + whole.length
      const end = quote === undefined ? -1 : code.indexOf(quote, start)
      // A call's argument must be that string alone: not 'a' + b, not `${a}`.
      const computed =
        end < 0 ||
        (whole.includes('(') && (!/^\s*[,)]/.test(code.slice(end + 1)) || code.slice(start, end).includes('${')))
      found.push({
        specifier: computed ? undefined : text.slice(start, end),
        line: code.slice(0, match.index).split('\n').length,
        typeOnly: Boolean(type),
        names: namesOf(whole),
        at: match.index,
      })
    }
  }
  return found.sort((a, b) => a.at - b.at).map(({ at: _, ...one }) => one)
}
