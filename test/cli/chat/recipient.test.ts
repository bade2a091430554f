import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRecipient, KEPT_LINES_MAX, type Named, promptFor } from '../../../src/cli/chat/recipient.ts'
import type { CliEvent } from '../../../src/cli/output/cli-events.ts'
import { MessageError } from '../../../src/core/errors.ts'

const ALICE: Named = { address: 'hf1aliceaaaaaaaaaa', name: 'Alice' }
const BOB: Named = { address: 'hf1bobbbbbbbbbbbbbb', name: null }

const begin = (first: Named | null = null, interactive = true) => {
  const events: CliEvent[] = []
  const prompts: string[] = []
  const heard: string[] = []
  const terminal = { interactive, prompt: (text: string) => void prompts.push(text) }
  const speaker = {
    say: async (to: string, intent: { readonly text?: string; readonly path?: string }) =>
      void heard.push(`${to.slice(3, 6)} ${intent.text ?? intent.path}`),
  }
  const recipient = createRecipient({ terminal, emit: async (event) => events.push(event) > 0 }, speaker, first)
  return {
    ...{ recipient, events, heard },
    prompt: () => prompts.at(-1),
    say: (text: string) => recipient.say({ kind: 'text', text }),
  }
}

test('a line goes to whom the prompt names, and only a person changes that', async () => {
  const { recipient, events, heard, prompt, say } = begin(ALICE)
  assert.deepEqual([prompt(), recipient.address], ['to Alice> ', ALICE.address])
  await say('one')
  await recipient.turn(BOB)
  assert.equal(prompt(), 'to hf1bobbbbbbb…bbbb> ')
  await say('two')
  await recipient.turn(null)
  assert.deepEqual([prompt(), recipient.address], ['nobody> ', null])
  assert.deepEqual(heard, ['ali one', 'bob two'])
  assert.deepEqual(events, [
    { event: 'addressee', peer: BOB.address, name: null, lines: 0 },
    { event: 'addressee', peer: null, name: null, lines: 0 },
  ])
})

test('a line for nobody is kept, the first time with a question, and goes to whom is named then', async () => {
  const { recipient, events, heard, prompt, say } = begin()
  assert.equal(prompt(), 'nobody> ')
  await say('one')
  await recipient.say({ kind: 'file', path: '/a.txt' })
  assert.equal(prompt(), 'nobody, 2 lines kept> ')
  await recipient.turn(null)
  assert.equal(prompt(), 'nobody, 2 lines kept> ')
  assert.deepEqual(heard, [])
  await recipient.turn(ALICE)
  await say('three')
  assert.deepEqual([heard, prompt()], [['ali one', 'ali /a.txt', 'ali three'], 'to Alice> '])
  assert.deepEqual(events, [
    { event: 'kept', lines: 1 },
    { event: 'addressee', peer: null, name: null, lines: 0 },
    { event: 'addressee', peer: ALICE.address, name: 'Alice', lines: 2 },
  ])
})

test('what is typed while kept lines go out comes after them', async () => {
  const { recipient, heard, say } = begin()
  await say('one')
  await say('two')
  await Promise.all([recipient.turn(ALICE), say('three')])
  assert.deepEqual(heard, ['ali one', 'ali two', 'ali three'])
})

test('kept lines have a bound, can be dropped, and are reported at the end', async () => {
  const { recipient, events, heard, prompt, say } = begin()
  for (let count = 0; count <= KEPT_LINES_MAX; count++) await say(`${count}`)
  assert.partialDeepStrictEqual(events.at(-1) ?? {}, {
    event: 'not-sent',
    text: `${KEPT_LINES_MAX}`,
    code: 'ERR_USAGE',
  })
  await recipient.drop()
  assert.deepEqual([events.at(-1), prompt()], [{ event: 'dropped', lines: KEPT_LINES_MAX }, 'nobody> '])
  await say('left')
  await recipient.end()
  await recipient.end()
  const last = events.filter(({ event }) => event === 'not-sent').slice(1)
  assert.partialDeepStrictEqual(last, [{ text: 'left', code: 'ERR_USAGE' }])
  assert.deepEqual([last.length, heard], [1, []])
})

test('what cannot be sent to anybody is refused at once, and not kept', async () => {
  const { recipient, events, prompt } = begin()
  const error = new MessageError('ERR_MESSAGE_SIZE')
  await recipient.say({ kind: 'unsendable', text: 'long', error })
  assert.partialDeepStrictEqual(events, [{ event: 'not-sent', text: 'long', code: 'ERR_MESSAGE_SIZE' }])
  assert.equal(prompt(), 'nobody> ')
})

test('what is piped in for nobody is refused at once: there is no prompt to see', async () => {
  const { recipient, events, heard, say } = begin(null, false)
  await say('one')
  assert.partialDeepStrictEqual(events, [{ event: 'not-sent', text: 'one', code: 'ERR_USAGE' }])
  await recipient.turn(ALICE)
  await say('two')
  assert.deepEqual(heard, ['ali two'])
})

test('no name looks like nobody', () => {
  for (const name of ['nobody', 'nobody> ', '> ']) {
    const prompt = promptFor({ ...ALICE, name })
    assert.ok(prompt.startsWith('to ') && !promptFor(null).startsWith('to '), prompt)
  }
})
