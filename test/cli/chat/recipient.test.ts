import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRecipient } from '../../../src/cli/chat/recipient.ts'
import type { CliEvent } from '../../../src/cli/output/cli-events.ts'
import type { Ending } from '../../../src/connection/connection.ts'
import { messageOf, remoteOf } from './happenings.ts'

const ALICE = 'hf1aliceaaaaaaaaaa'
const BOB = 'hf1bobbbbbbbbbbbbbb'
const CAROL = 'hf1carolcccccccccc'

const begin = () => {
  const events: CliEvent[] = []
  const prompts: string[] = []
  const heard: string[] = []
  const keyboard = { typing: false }
  const terminal = {
    prompt: (text: string) => void prompts.push(text),
    get typing() {
      return keyboard.typing
    },
  }
  const speaker = {
    say: async (to: string, intent: { readonly text?: string; readonly path?: string }) =>
      void heard.push(`${to.slice(3, 6)} ${intent.text ?? intent.path}`),
  }
  const recipient = createRecipient(
    { terminal: terminal as never, emit: async (event) => events.push(event) > 0 },
    speaker,
  )
  return {
    ...{ recipient, events, prompts, heard, keyboard },
    say: (text: string) => recipient.say({ kind: 'text', text }),
    come: (address: string) => recipient.hear({ type: 'connected', remote: remoteOf({ address }) }),
    go: (address: string, reason: Ending['reason'] = 'left') =>
      recipient.hear({ type: 'disconnected', remote: remoteOf({ address }), reason, error: null }),
    speak: (address: string) =>
      recipient.hear({ type: 'message', message: messageOf(1, 'hello', { from: address, peer: address }) }),
  }
}

test('a line goes to the peer that connected or spoke last', async () => {
  const { prompts, heard, say, come, go, speak } = begin()
  come(ALICE)
  come(BOB)
  await say('one')
  speak(ALICE)
  await say('two')
  go(ALICE)
  await say('three')
  assert.deepEqual(heard, ['bob one', 'ali two', 'bob three'])
  assert.match(prompts.at(-1) ?? '', /^to hf1bob/)
})

test('what somebody left in a mailbox turns nothing to them: they are not there', async () => {
  const { heard, say, come, speak } = begin()
  come(ALICE)
  speak(CAROL)
  await say('one')
  assert.deepEqual(heard, ['ali one'])
})

test('nobody can push in front while a line is being typed', async () => {
  const { prompts, keyboard, heard, say, come } = begin()
  come(ALICE)
  keyboard.typing = true
  come(BOB)
  assert.match(prompts.at(-1) ?? '', /^to hf1alice/)
  keyboard.typing = false
  await say('for Alice')
  await say('for Bob')
  assert.deepEqual(heard, ['ali for Alice', 'bob for Bob'])
})

test('when the one it is typed for has left, a line goes to nobody', async () => {
  const { events, keyboard, heard, say, come, go } = begin()
  come(BOB)
  come(ALICE)
  keyboard.typing = true
  go(ALICE)
  keyboard.typing = false
  await say('for Alice')
  assert.deepEqual(heard, [])
  assert.deepEqual(
    events.map(({ event }) => event),
    ['not-sent'],
  )
})

test('who has two connections and loses one is still there', async () => {
  const { heard, events, say, come, go } = begin()
  come(ALICE)
  come(ALICE)
  go(ALICE, 'lost')
  await say('one')
  go(ALICE)
  await say('two')
  assert.deepEqual(heard, ['ali one'])
  assert.partialDeepStrictEqual(events, [{ event: 'not-sent', text: 'two' }])
})

test('who is not connected because this side did not need it any more has not left', async () => {
  const { heard, say, come, go } = begin()
  come(ALICE)
  go(ALICE, 'closed')
  await say('one')
  come(ALICE)
  go(ALICE)
  await say('two')
  assert.deepEqual(heard, ['ali one'])
})

test('with nobody there a line is reported', async () => {
  const { events, recipient } = begin()
  await recipient.say({ kind: 'file', path: 'a.txt' })
  assert.partialDeepStrictEqual(events, [{ event: 'not-sent', text: 'a.txt', code: null }])
})
