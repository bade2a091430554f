import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ERROR_CODES } from '../src/core/errors/codes.ts'
import { outcomeOf, type Sections, specText, TABLES } from './vectors/generate-tables.ts'
import { listFiles, readFile, type Vector } from './vectors/vector-files.ts'

/** The documents and their vectors say the same. */

const vectors = (folder: string) =>
  listFiles(folder).map((file) => ({ file, vector: JSON.parse(readFile(folder, file)) as Vector }))
const foldersOf = (sections: Sections): readonly string[] => Object.values(sections).flat()

for (const { spec, heading, sections } of TABLES) {
  test(`${spec} lists every file of every folder, with its result and what it shows, and nothing else`, () => {
    const listed = (specText(spec).split(heading)[1] ?? '').split(/^### /m).slice(1)
    const found = listed.map((text) => {
      const rows = [...text.matchAll(/^\| (\d{2,}-[^|]+) \| ([^|]+) \| (.+) \|$/gm)].map(([, ...cells]) => cells)
      return [text.match(/^[a-z-]+/)?.[0], rows]
    })
    const present = foldersOf(sections).map((folder) => [
      folder,
      vectors(folder).map(({ file, vector }) => [file.slice(0, -5), outcomeOf(vector), vector.description]),
    ])
    assert.deepEqual(found, present)
  })

  test(`every vector of ${spec} says in a phrase of its own what it shows`, () => {
    for (const folder of foldersOf(sections)) {
      const phrases = vectors(folder).map(({ vector }) => vector.description)
      for (const phrase of phrases) assert.match(phrase, /^[^|\n]{3,120}$/)
      assert.equal(new Set(phrases).size, phrases.length, folder)
    }
  })
}

const codesOf = (text: string): string[] => [...new Set(text.match(/ERR_[A-Z0-9_]+[A-Z0-9]/g) ?? [])]
/** Codes that a section names and other folders' vectors show: how two logs stand is refused where one is served. */
const ELSEWHERE: { readonly [spec: string]: Sections } = {
  'identity.md': { 2: ['floor'] },
  'mailbox.md': { 5: ['parcel'] },
}
/** What else a mailbox checks before it hands out depends on what it was told before, by its owner too, and on the directory: no vector shows that. */
const UNSHOWN: { readonly [spec: string]: RegExp } = {
  'identity.md': /^ERR_LOOKUP/,
  'mailbox.md': /^ERR_(LOG|LOOKUP|ROLLBACK|PEER_RETIRED|PEER_REFUSED|MAILBOX_BUSY)/,
}

for (const { spec, heading, sections } of TABLES) {
  const [rules = ''] = specText(spec).split(heading)
  /** Sections by number; what stands before the first is 0. */
  const texts = rules.split(/^## \d+ /m)
  for (const [section, text] of texts.entries()) {
    const folders = sections[section]
    if (folders === undefined) continue
    test(`${spec} §${section}: every code that is named has a vector, and every vector's code is named`, () => {
      assert.match(rules, section === 0 ? /^# / : new RegExp(`^## ${section} `, 'm'))
      const named = codesOf(text).filter((code) => !UNSHOWN[spec]?.test(code))
      const shown = (from: readonly string[]) =>
        new Set(from.flatMap(vectors).flatMap(({ vector: { error } }) => (typeof error === 'string' ? [error] : [])))
      const covered = shown([...folders, ...(ELSEWHERE[spec]?.[section] ?? [])])
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
  }
}

test('the sections of identity.md are those that have vectors', () => {
  const [identity] = TABLES.filter(({ spec }) => spec === 'identity.md')
  assert.ok(identity !== undefined)
  const [rules = ''] = specText('identity.md').split(identity.heading)
  assert.deepEqual(Object.keys(identity.sections), [...rules.split(/^## \d+ /m).keys()].map(String))
})
