import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ERROR_CODES } from '../src/core/errors.ts'
import { HEADING, outcomeOf, SECTIONS, specText } from './vectors/generate-tables.ts'
import { listFiles, readFile, type Vector } from './vectors/vector-files.ts'

/** docs/spec/identity.md and the vectors of the identity say the same. */

const [rules = '', tables = ''] = specText().split(HEADING)
const vectors = (folder: string) =>
  listFiles(folder).map((file) => ({ file, vector: JSON.parse(readFile(folder, file)) as Vector }))

test('§9 lists every file of every folder, with its result and what it shows, and nothing else', () => {
  const listed = tables.split(/^### /m).slice(1)
  const sections = listed.map((text) => {
    const rows = [...text.matchAll(/^\| (\d\d-[^|]+) \| ([^|]+) \| (.+) \|$/gm)].map(([, ...cells]) => cells)
    return [text.match(/^[a-z-]+/)?.[0], rows]
  })
  const present = Object.values(SECTIONS)
    .flat()
    .map((folder) => [
      folder,
      vectors(folder).map(({ file, vector }) => [file.slice(0, -5), outcomeOf(vector), vector.description]),
    ])
  assert.deepEqual(sections, present)
})

test('every vector of the identity says in a phrase of its own what it shows', () => {
  for (const folder of Object.values(SECTIONS).flat()) {
    const phrases = vectors(folder).map(({ vector }) => vector.description)
    for (const phrase of phrases) assert.match(phrase, /^[^|\n]{3,120}$/)
    assert.equal(new Set(phrases).size, phrases.length, folder)
  }
})

/** Sections by number; what stands before the first is 0. */
const sections = rules.split(/^## \d+ /m)
const codesOf = (text: string): string[] => [...new Set(text.match(/ERR_[A-Z0-9_]+[A-Z0-9]/g) ?? [])]
/** Codes that a section names and another section's vectors show: how two logs stand is refused only where one is served. */
const ELSEWHERE: { readonly [section: number]: readonly string[] } = { 2: ['floor'] }

for (const [section, text] of sections.entries())
  test(`§${section}: every code that is named has a vector, and every vector's code is named`, () => {
    assert.match(rules, section === 0 ? /^# / : new RegExp(`^## ${section} `, 'm'))
    const folders = SECTIONS[section]
    assert.ok(folders !== undefined)
    const named = codesOf(text)
    const shown = (from: readonly string[]) =>
      new Set(from.flatMap(vectors).flatMap(({ vector: { error } }) => (typeof error === 'string' ? [error] : [])))
    const covered = shown([...folders, ...(ELSEWHERE[section] ?? [])])
    for (const code of named) assert.ok((ERROR_CODES as readonly string[]).includes(code), code)
    assert.deepEqual(
      named.filter((code) => !covered.has(code)),
      [],
    )
    const known = new Set([...codesOf(rules)])
    assert.deepEqual(
      [...shown(folders)].filter((code) => !known.has(code)),
      [],
    )
  })

test('the sections of the specification are those that have vectors', () => {
  assert.deepEqual(Object.keys(SECTIONS), [...sections.keys()].map(String))
})
