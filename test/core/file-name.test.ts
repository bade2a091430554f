import assert from 'node:assert/strict'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { HandfastError } from '../../src/core/errors.ts'
import { safeFileName } from '../../src/core/file-name.ts'
import { runs } from '../runs.ts'
import { anyText } from './any-text.ts'
import { failsWith } from './identities.ts'
import { refusalOf } from './refusal.ts'

test('plain names stay as they are', () => {
  for (const name of [
    'report.pdf',
    'a',
    'Grüße an Bob.txt',
    '写真.jpg',
    'a-b_c (1).tar.gz',
    '😀.png',
    'a-~+@.txt',
    'conference.txt',
    'com.txt',
  ])
    assert.equal(safeFileName(name), name)
})

const CHANGED: readonly [string, string][] = [
  // ways out of the folder
  ['../../etc/passwd', 'passwd'],
  ['/etc/shadow', 'shadow'],
  ['..\\..\\windows\\system.ini', 'system.ini'],
  ['C:\\x', 'x'],
  ['C:x', 'Cx'],
  ['a/b\\c', 'c'],
  ['\\\\server\\share\\file', 'file'],
  ['file.txt::$DATA', 'file.txt$DATA'],
  // hidden files, and what Windows would drop from the end
  ['.bashrc', 'bashrc'],
  ['...', ''],
  [' . x . ', 'x'],
  ['x.txt.', 'x.txt'],
  ['x.txt ', 'x.txt'],
  ['\u00a0.profile', 'profile'],
  // control characters, turned-around and invisible ones
  ['a\u0000b', 'ab'],
  ['a\nb\r\tc', 'abc'],
  ['\u001b[31mred', '[31mred'],
  ['\u202egpj.exe', 'gpj.exe'],
  ['\u2066a\u2069\u200b\u200d\ufeff', 'a'],
  ['a\u2028b\u2029', 'ab'],
  ['\u{e0041}x', 'x'],
  ['a\ud800b', 'ab'],
  ['.\u200b./\u200b.', ''],
  // what file systems refuse
  ['what?*<>|":.txt', 'what.txt'],
  // one name, however it is written
  ['e\u0301', 'é'],
  // options, lists and homes, as a shell hands them on
  ['-rf', '_-rf'],
  ['--help', '_--help'],
  ['-', '_-'],
  ['. -x', '_-x'],
  ['\u200b-x', '_-x'],
  ['~', '_~'],
  ['~root', '_~root'],
  ['+q', '_+q'],
  ['@all', '_@all'],
  // what nothing is drawn for
  ['\u3164', ''],
  ['a\u034f\u115fb', 'ab'],
  ['\u2800x\u2800', 'x'],
  // devices
  ['CON', '_CON'],
  ['con.txt', '_con.txt'],
  ['nul .txt', '_nul .txt'],
  ['Aux', '_Aux'],
  ['COM1', '_COM1'],
  ['lpt9.log', '_lpt9.log'],
  ['COM\u00b9', '_COM\u00b9'],
  ['CONIN$', '_CONIN$'],
  ['c\u200bon', '_con'],
]

for (const [name, expected] of CHANGED)
  test(`${JSON.stringify(name)} becomes ${JSON.stringify(expected)}`, () => {
    if (expected === '') assert.throws(() => safeFileName(name), failsWith('ERR_FILE_NAME'))
    else assert.equal(safeFileName(name), expected)
  })

test('a name of which nothing is left is refused', () => {
  for (const name of ['', ' ', '.', '..', '../', 'a/', '\\', '\u0000', '\u202e', '?*', '. .', '\u3000'])
    assert.equal(
      refusalOf(() => safeFileName(name)),
      'ERR_FILE_NAME',
      JSON.stringify(name),
    )
})

test('a long name is cut to 200 bytes of whole characters and keeps its ending', () => {
  assert.equal(safeFileName(`${'x'.repeat(1_000)}.txt`), `${'x'.repeat(196)}.txt`)
  assert.equal(safeFileName('é'.repeat(1_000)), 'é'.repeat(100))
  assert.equal(safeFileName(`${'😀'.repeat(300)}.png`), `${'😀'.repeat(49)}.png`)
  assert.equal(safeFileName(`${'x'.repeat(199)}.${'y'.repeat(100)}`), 'x'.repeat(199))
  assert.equal(Buffer.byteLength(safeFileName(`con.${'x'.repeat(196)}`)), 200)
})

test('what hides between a letter and its accent is no part of the name, and the name stays what it is', () => {
  assert.equal(safeFileName('e\u200d\u0301.txt'), '\u00e9.txt')
  assert.equal(safeFileName(safeFileName('e\u200d\u0301.txt')), '\u00e9.txt')
})

test('a name of any length takes no more than one pass over it', () => {
  // Quadratic, each of these would take minutes and gigabytes.
  const long = 1_000_000
  assert.equal(safeFileName('x'.repeat(long)), 'x'.repeat(200))
  assert.equal(safeFileName(`a${'. '.repeat(long)}b`), 'a')
  assert.equal(safeFileName(`${'. '.repeat(long)}b`), 'b')
})

test('whatever comes in, what comes out is one visible file in one folder, and stays what it is', () => {
  const nasty = fc.constantFrom(
    '/',
    '\\',
    '..',
    '.',
    ' ',
    '\u0000',
    '\u202e',
    ':',
    'CON',
    'nul',
    '.txt',
    '-',
    '~',
    '\u3164',
    'x'.repeat(120),
    '\ud800',
    'é',
    '_',
  )
  const name = fc.oneof(
    anyText(40),
    fc.array(nasty, { maxLength: 8 }).map((parts) => parts.join('')),
  )
  fc.assert(
    fc.property(name, (given) => {
      let safe: string
      try {
        safe = safeFileName(given)
      } catch (error) {
        assert.ok(error instanceof HandfastError && error.code === 'ERR_FILE_NAME')
        return
      }
      assert.equal(basename(join('/folder', safe)), safe)
      assert.ok(Buffer.byteLength(safe) >= 1 && Buffer.byteLength(safe) <= 200)
      assert.doesNotMatch(safe, /[\p{Cc}\p{Cf}\p{Cs}/\\<>:"|?*]|^[-+@~.\s]|[.\s]$|^(con|prn|aux|nul)(\.|$)/iu)
      assert.equal(safeFileName(safe), safe)
    }),
    { numRuns: runs(500) },
  )
})
