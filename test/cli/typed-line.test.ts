import assert from 'node:assert/strict'
import { homedir } from 'node:os'
import { test } from 'node:test'
import { readTyped } from '../../src/cli/typed-line.ts'

test('text is text, and a second slash makes it so', () => {
  assert.deepEqual(readTyped('hello /quit'), { kind: 'text', text: 'hello /quit' })
  assert.deepEqual(readTyped(''), { kind: 'text', text: '' })
  assert.deepEqual(readTyped(' /quit'), { kind: 'text', text: ' /quit' })
  assert.deepEqual(readTyped('//quit'), { kind: 'text', text: '/quit' })
})

test('/file takes a path with spaces, and ~/ for the home folder', () => {
  assert.deepEqual(readTyped('/file  a folder/b.pdf '), { kind: 'file', path: 'a folder/b.pdf' })
  assert.deepEqual(readTyped('/file ~/b.pdf'), { kind: 'file', path: `${homedir()}/b.pdf` })
})

test('/quit, and what looks like a command but is none', () => {
  assert.deepEqual(readTyped('/quit '), { kind: 'quit' })
  for (const text of ['/', '/qiut', '/file', '/file  ', '/quit now', '/File x'])
    assert.deepEqual(readTyped(text), { kind: 'unknown', text })
})
