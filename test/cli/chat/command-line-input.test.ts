import assert from 'node:assert/strict'
import { homedir } from 'node:os'
import { test } from 'node:test'
import { readTyped } from '../../../src/cli/chat/command-line-input.ts'

test('text is text, and a second slash makes it so', () => {
  assert.deepEqual(readTyped('hello /quit'), { kind: 'text', text: 'hello /quit' })
  assert.deepEqual(readTyped(''), { kind: 'text', text: '' })
  assert.deepEqual(readTyped(' /quit'), { kind: 'text', text: ' /quit' })
  assert.deepEqual(readTyped('//quit'), { kind: 'text', text: '/quit' })
})

test('/file takes a path with spaces, and ~/ for the home folder', () => {
  assert.deepEqual(readTyped('/file  a folder/b.pdf '), { kind: 'file', path: 'a folder/b.pdf' })
  assert.deepEqual(readTyped('/file ~/b.pdf'), { kind: 'file', path: `${homedir()}/b.pdf` })
  assert.deepEqual(readTyped('/file "~/b.pdf "'), { kind: 'file', path: '~/b.pdf ' })
})

test('/files, and /cancel with a number or none', () => {
  assert.deepEqual(readTyped('/files '), { kind: 'files' })
  assert.deepEqual(readTyped('/cancel'), { kind: 'cancel', id: null, text: '/cancel' })
  assert.deepEqual(readTyped('/cancel  12 '), { kind: 'cancel', id: 12, text: '/cancel  12 ' })
  for (const text of ['/files 7', '/cancel x', '/cancel -1', '/cancel 1 2', `/cancel ${'1'.repeat(16)}`, '/cancels'])
    assert.deepEqual(readTyped(text), { kind: 'unknown', text })
})

test('what is about people: whom lines are for, and who is let in', () => {
  const people = [
    ['/to Bob B', { kind: 'to', who: 'Bob B' }],
    ['/to ', { kind: 'to', who: '' }],
    ['/requests', { kind: 'requests', who: '' }],
    ['/requests 7', { kind: 'requests', who: '7' }],
    ['/accept 7', { kind: 'accept', who: '7', name: undefined }],
    ['/accept  hf1q  Bob B ', { kind: 'accept', who: 'hf1q', name: 'Bob B' }],
    ['/refuse 7-9', { kind: 'refuse', who: '7-9' }],
    ['/drop', { kind: 'drop' }],
  ] as const
  for (const [text, intent] of people) assert.deepEqual(readTyped(text), { ...intent, text })
  for (const text of ['/accept', '/accept ', '/refuse', '/drop it', '/too', '/To Bob'])
    assert.deepEqual(readTyped(text), { kind: 'unknown', text })
})

test('/quit, and what looks like a command but is none', () => {
  assert.deepEqual(readTyped('/quit '), { kind: 'quit' })
  for (const text of ['/', '/qiut', '/file', '/file  ', '/quit now', '/File x'])
    assert.deepEqual(readTyped(text), { kind: 'unknown', text })
})
