import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

/** docs/formal without ProVerif: what is recorded is of these very models, and README speaks of all of them. */

const ROOT = join(import.meta.dirname, '../..')
const FOLDER = join(ROOT, 'docs/formal')
const VARIANTS = 'broken/'
/** Lines of a variant that its model does not have. */
const LINES_CHANGED_MAX = 8

const read = (name: string): string => readFileSync(join(FOLDER, name), 'utf8')
const namesIn = (folder: string): string[] =>
  readdirSync(join(FOLDER, folder))
    .filter((file) => file.endsWith('.pv'))
    .map((file) => folder + file.slice(0, -'.pv'.length))
const models = namesIn('')
const variants = namesIn(VARIANTS)
const all = [...models, ...variants]
const modelText = (name: string): string => read(`${name}.pv`)

/** A model as ProVerif reads it. */
const withoutComments = (text: string): string => text.replaceAll(/\(\*.*?\*\)/gs, '')
/** As the script `check` writes it. */
const textHash = (text: string): string =>
  createHash('sha256').update(withoutComments(text).replaceAll(/\s+/g, '')).digest('hex').slice(0, 16)

/** How many queries a model asks: those of one declaration are parted by semicolons, and its variables come before them. */
const queriesOf = (text: string): number =>
  Array.from(withoutComments(text).matchAll(/^query ([^.]*)\./gm), ([, body = '']) => {
    const parts = body.split(';')
    return /^[\s\w,:]*$/.test(parts[0] ?? '') ? parts.length - 1 : parts.length
  }).reduce((sum, count) => sum + count, 0)

type Recorded = { readonly hash: string; readonly results: readonly string[] }

const recorded: ReadonlyMap<string, Recorded> = new Map(
  read('results.txt')
    .split(/^== /m)
    .slice(1)
    .map((section) => {
      const [head = '', ...lines] = section.split('\n')
      const [name = '', hash = ''] = head.split(/\s+/)
      return [name, { hash, results: lines.filter((line) => line.startsWith('RESULT ')) }]
    }),
)

test('what is recorded is of every model and variant, and of nothing else', () => {
  assert.deepEqual([...recorded.keys()].sort(), [...all].sort())
})

for (const name of all) {
  test(`${name} is the model that was run, and each of its queries has a result`, () => {
    const { hash, results = [] } = recorded.get(name) ?? {}
    const text = modelText(name)
    assert.equal(hash, textHash(text))
    assert.equal(results.filter((line) => !line.startsWith('RESULT (')).length, queriesOf(text))
    for (const line of results) assert.match(line, /(?:is true|is false|cannot be proved)\.\)?$/)
  })
}

for (const name of models) {
  test(`${name} is seen to get to its end: something of it is false`, () => {
    assert.ok(recorded.get(name)?.results.some((line) => line.endsWith('is false.')))
  })
}

for (const name of variants) {
  test(`${name} is its model but for a few lines`, () => {
    const text = modelText(name)
    const model = /^\(\* VARIANT of ([\w-]+)\.pv: .*\*\)\n/.exec(text)?.[1] ?? ''
    assert.ok(models.includes(model))
    const lines = new Set(modelText(model).split('\n'))
    const changed = text
      .split('\n')
      .slice(1)
      .filter((line) => !lines.has(line))
    assert.ok(changed.length <= LINES_CHANGED_MAX, `${changed.length} lines`)
  })
}

const README = read('README.md')

test('README has a row for every model and variant, and for nothing else', () => {
  const rows = Array.from(README.matchAll(/^\| `((?:broken\/)?[\w-]+)(?:\.pv)`/gm), ([, name = '']) => name)
  assert.deepEqual(rows.sort(), [...all].sort())
})

/** Every file under a folder, as one text. */
const textUnder = (folder: string): string =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n')

test('the names that README takes from the code and from the models are there', () => {
  const words = new Set(
    [textUnder(join(ROOT, 'src')), ...all.map(modelText)].flatMap((text) => text.match(/\w+/g) ?? []),
  )
  const named = Array.from(README.matchAll(/`([A-Za-z]\w*)(?:\([^`]*\))?`/g), ([, name = '']) => name)
  assert.deepEqual(
    [...new Set(named)].filter((name) => !words.has(name)),
    [],
  )
})
