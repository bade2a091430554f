import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Conversation } from '../../../src/cli/chat/conversation.ts'
import { createRecipient } from '../../../src/cli/chat/recipient.ts'
import type { CliEvent } from '../../../src/cli/output/events.ts'
import type { Terminal } from '../../../src/cli/terminal/terminal.ts'

const ALICE = 'hf1aliceaaaaaaaaaa'
const BOB = 'hf1bobbbbbbbbbbbbbb'

const guest = (): Conversation & { readonly heard: string[] } => {
  const heard: string[] = []
  return {
    heard,
    attend: async () => {},
    say: async (intent) => void heard.push(intent.kind === 'file' ? intent.path : intent.text),
    settled: async () => {},
    failures: 0,
  }
}

const begin = () => {
  const events: CliEvent[] = []
  const prompts: string[] = []
  const keyboard = { typing: false }
  const terminal: Terminal = {
    interactive: true,
    seen: false,
    out: () => {},
    err: () => {},
    raw: () => {},
    prompt: (text) => prompts.push(text),
    get typing() {
      return keyboard.typing
    },
    status: () => {},
    ask: async () => null,
    lines: async function* () {},
    close: () => {},
  }
  const recipient = createRecipient({ terminal, emit: (event) => events.push(event) })
  return { recipient, events, prompts, keyboard, say: (text: string) => recipient.say({ kind: 'text', text }) }
}

test('a line goes to the peer that connected or spoke last', async () => {
  const { recipient, prompts, say } = begin()
  const [alice, bob] = [guest(), guest()]
  recipient.turnTo(alice, ALICE)
  recipient.turnTo(bob, BOB)
  await say('one')
  recipient.turnTo(alice, ALICE)
  await say('two')
  recipient.leave(alice)
  await say('three')
  assert.deepEqual([alice.heard, bob.heard], [['two'], ['one', 'three']])
  assert.match(prompts.at(-1) ?? '', /^to hf1bob/)
})

test('nobody can push in front while a line is being typed', async () => {
  const { recipient, prompts, keyboard, say } = begin()
  const [alice, bob] = [guest(), guest()]
  recipient.turnTo(alice, ALICE)
  keyboard.typing = true
  recipient.turnTo(bob, BOB)
  assert.match(prompts.at(-1) ?? '', /^to hf1alice/)
  keyboard.typing = false
  await say('for Alice')
  await say('for Bob')
  assert.deepEqual([alice.heard, bob.heard], [['for Alice'], ['for Bob']])
})

test('when the one it is typed for has left, a line goes to nobody', async () => {
  const { recipient, events, keyboard, say } = begin()
  const [alice, bob] = [guest(), guest()]
  recipient.turnTo(bob, BOB)
  recipient.turnTo(alice, ALICE)
  keyboard.typing = true
  recipient.leave(alice)
  keyboard.typing = false
  await say('for Alice')
  assert.deepEqual([alice.heard, bob.heard], [[], []])
  assert.deepEqual(
    events.map(({ event }) => event),
    ['not-sent'],
  )
})

test('with nobody there a line is reported', async () => {
  const { events, recipient } = begin()
  await recipient.say({ kind: 'file', path: 'a.txt' })
  assert.partialDeepStrictEqual(events, [{ event: 'not-sent', text: 'a.txt', code: null }])
})
