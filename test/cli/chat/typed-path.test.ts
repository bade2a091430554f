import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readTypedPath } from '../../../src/cli/chat/typed-path.ts'
import { runs } from '../../runs.ts'

const pathOf = (argument: string, windows = false): string | undefined => readTypedPath(argument, windows)?.path

const CASES: Readonly<Record<string, string | undefined>> = {
  ' report.pdf': 'report.pdf',
  '  a folder/b c.pdf  ': 'a folder/b c.pdf',
  " it's mine.pdf": "it's mine.pdf",
  ' say "hi".txt': 'say "hi".txt',
  // A blank at an end.
  ' "report "': 'report ',
  " ' report '": ' report ',
  ' report\\ ': 'report ',
  ' \\ report\\ \\ ': ' report  ',
  ' report\\\\ ': 'report\\',
  ' " "': ' ',
  // Dropped onto a terminal.
  " '/home/alice/it'\\''s mine.pdf' ": "/home/alice/it's mine.pdf",
  " /Users/alice/it\\'s\\ \\(mine\\).pdf ": "/Users/alice/it's (mine).pdf",
  ' "/home/alice/\\$5 \\"off\\" \\\\.pdf"': '/home/alice/$5 "off" \\.pdf',
  // No shell would read these as one word: the quote is a part of the name.
  " 'tis.pdf": "'tis.pdf",
  ' "a" and b.pdf': '"a" and b.pdf',
  ' end\\': 'end\\',
  '': undefined,
  '  ': undefined,
  ' ""': undefined,
}

for (const [argument, path] of Object.entries(CASES))
  test(`/file${argument}`, () => assert.equal(pathOf(argument), path))

test('where a backslash parts folders it is no escape, and quotes are', () => {
  assert.equal(pathOf(' C:\\a b\\c.pdf ', true), 'C:\\a b\\c.pdf')
  assert.equal(pathOf(' "C:\\a b\\ c " ', true), 'C:\\a b\\ c ')
  assert.equal(pathOf(' C:\\a\\ ', true), 'C:\\a\\')
})

test('~/ in quotes or after a backslash is a folder of that name', () => {
  assert.deepEqual(readTypedPath(' ~/b c.pdf', false), { path: '~/b c.pdf', plain: true })
  for (const argument of [' "~/b c.pdf"', " '~/b c.pdf'", ' \\~/b c.pdf'])
    assert.deepEqual(readTypedPath(argument, false), { path: '~/b c.pdf', plain: false })
})

test('whatever a path is, quoted in each way of a terminal it is read as it is', () => {
  const single = (path: string) => `'${path.replaceAll("'", "'\\''")}'`
  const double = (path: string) => `"${path.replace(/["\\$`]/g, '\\$&')}"`
  const backslash = (path: string) => path.replace(/[^\w./-]/gu, '\\$&')
  const name = fc.string({
    minLength: 1,
    unit: fc.constantFrom(' ', '\t', "'", '"', '\\', '$', '`', '~', '/', 'a', 'ä', '\u{1f600}', '\u{a0}', '*', '#'),
  })
  fc.assert(
    fc.property(name, fc.constantFrom(single, double, backslash), (path, quote) => {
      assert.equal(pathOf(` ${quote(path)} `), path)
    }),
    { numRuns: runs(3000) },
  )
})
