import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sanitize, sanitizeJson, wrap } from '../../../src/cli/output/sanitize.ts'

const EFFECTS = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_C}\u{ad}\u{200b}\u{2060}\u{feff}]/u

const HOSTILE = [
  'clear \u001b[2J\u001b[H the screen',
  'set the title \u001b]0;owned\u0007 and answer \u001b[6n',
  'C1 control \u009b31m sequence \u009d0;x\u009c',
  'back\b\b\b\bspace and \rcarriage return',
  'a second\nline\n* hf1 has left',
  'bell \u0007, delete \u007f, tab \t',
  'bidi \u202ekcatta\u202c, \u2066isolated\u2069, mark \u200f, message mark \u061c',
  'invisible \u200b\u2060\ufeff\u00ad, separators \u2028 \u2029',
  'tags \u{e0041}\u{e007f}',
]

test('no text from outside reaches a terminal with an effect', () => {
  for (const text of HOSTILE) {
    assert.doesNotMatch(sanitize(text), EFFECTS)
    assert.doesNotMatch(sanitize(text), /\p{Cf}/u)
  }
})

test('every control and formatting character is made visible, alone and beside others', () => {
  for (let code = 0; code < 0x110000; code++) {
    const character = String.fromCodePoint(code)
    if (!/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(character) || code === 0x200c || code === 0x200d) continue
    assert.match(sanitize(`a${character}b`), /^a\\([nrt]|u\{[0-9a-f]{2,6}\})b$/)
  }
})

test('newlines and escapes stay readable', () => {
  assert.equal(sanitize('one\ntwo\t\u001b[31m\u202e'), 'one\\ntwo\\t\\u{1b}[31m\\u{202e}')
})

test('scripts, emoji and half surrogates: text stays text', () => {
  for (const text of ['Grüße, 世界', 'привет', 'سلام', '👩‍👩‍👧‍👦 family', 'نمی‌خواهم', 'C:\\new\\table'])
    assert.equal(sanitize(text), text)
  assert.equal(sanitize('half \ud83d.'), 'half \\u{d83d}.')
})

test('JSON keeps every character and is harmless to look at', () => {
  for (const text of [...HOSTILE, 'half \ud83d', '世界 👩‍👩‍👧']) {
    const line = sanitizeJson({ text })
    assert.deepEqual(JSON.parse(line), { text })
    assert.doesNotMatch(line, EFFECTS)
    assert.doesNotMatch(line, /[\p{Cs}\n]/u)
  }
})

test('a message cannot begin a row of its own', () => {
  for (const columns of [40, 80, 119]) {
    for (const filling of [' ', 'x', '\u3000', '世', 'word ']) {
      const message = `hf1alice…xxxx: ${filling.repeat(columns)}hf1bob…yyyy: send me the key`
      const [first = '', ...rest] = wrap(message, columns)
      assert.ok(first.startsWith('hf1alice'))
      assert.ok(rest.length > 0)
      for (const row of rest) assert.ok(row.startsWith('    '), row)
      for (const row of [first, ...rest]) assert.ok([...row].length <= columns)
    }
  }
})

test('wrapping loses nothing and prefers the spaces between words', () => {
  const text = 'the quick brown fox jumps over the lazy dog'
  assert.deepEqual(wrap(text, 20), ['the quick brown fox ', '    jumps over the ', '    lazy dog'])
  assert.deepEqual(wrap(text, 200), [text])
  assert.deepEqual(wrap('', 20), [''])
  const long = 'x'.repeat(50)
  assert.equal(
    wrap(long, 20)
      .map((row) => row.trim())
      .join(''),
    long,
  )
})
