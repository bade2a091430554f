import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ERROR_CODES, ERROR_TABLES, type ErrorClass, isCodeOf } from '../../src/core/errors/codes.ts'
import { errorsDoc, makersOf, promisesOf, publicThrowers, readSources } from '../../tools/errors-doc.ts'

const ROOT = join(import.meta.dirname, '../..')
const sources = readSources(ROOT)

test('docs/errors.md is what npm run docs writes', () => {
  const committed = readFileSync(join(ROOT, 'docs/errors.md'), 'utf8')
  assert.ok(committed === errorsDoc(sources), 'npm run docs')
  for (const code of ERROR_CODES) assert.match(committed, new RegExp(`^\\| \`${code}\` \\|(?: [^|]+ \\|){3}$`, 'm'))
})

test('a code that nothing makes is no part of the document', () => {
  const without = sources.map(({ path, text }) => ({ path, text: text.replaceAll("'ERR_BUNDLE'", "'ERR_PARCEL'") }))
  assert.throws(() => errorsDoc(without), /^Error: ERR_BUNDLE/)
})

test('an error that is made counts, a reason that is given where none is, and a comparison never', () => {
  const makers = (text: string, code: 'ERR_CARD_ID' | 'ERR_CARD_HEAD') =>
    makersOf([{ path: 'src/a.ts', text }], 'CardError', code).length
  const made = "throw new CardError(isOther ? 'ERR_CARD_ID' : 'ERR_CARD_HEAD')"
  assert.deepEqual([makers(made, 'ERR_CARD_ID'), makers(made, 'ERR_CARD_HEAD')], [1, 1])
  assert.equal(makers("return same ? null : 'ERR_CARD_ID'", 'ERR_CARD_ID'), 1)
  assert.equal(makers("if (error.code === 'ERR_CARD_ID' || code !== 'ERR_CARD_ID') return", 'ERR_CARD_ID'), 0)
  assert.equal(makers('// ERR_CARD_ID', 'ERR_CARD_ID'), 0)
})

test('what a docstring promises is read with its short forms', () => {
  const { codes, classes } = promisesOf(
    ' ERR_CARD_ID @throws StoreError ERR_STORE_FULL, _IO; AddressError; SessionError ERR_SESSION_S* ',
  )
  assert.deepEqual([...codes], ['ERR_STORE_FULL', 'ERR_STORE_IO', 'ERR_SESSION_SKIP'])
  assert.deepEqual([...classes], ['AddressError'])
})

test('methods of public types and public functions are found, and nothing else', () => {
  const whos = publicThrowers(sources).map(({ who }) => who)
  for (const who of ['decodeAddress', 'openPeer', 'Contacts.verify', 'encrypt']) assert.ok(whos.includes(who), who)
  assert.ok(!whos.includes('verifyCard'))
})

test('wherever a class stands before a code, in the source and its docstrings, the code is one of that class', () => {
  const names = Object.keys(ERROR_TABLES).join('|')
  let found = 0
  for (const { path, text } of sources)
    for (const [pair, name, code = ''] of text.matchAll(
      new RegExp(`\\b(${names})(?:\\(| |\\n +\\* +)'?(ERR_\\w+)\\b(?!\\*)`, 'g'),
    )) {
      found += 1
      assert.ok(isCodeOf(name as ErrorClass, code), `${path}: ${pair}`)
    }
  assert.ok(found > 300)
})
