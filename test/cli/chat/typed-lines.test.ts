import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import type { FileIntent, Said, Unknown } from '../../../src/cli/chat/command-line-input.ts'
import { doTyped } from '../../../src/cli/chat/typed-lines.ts'
import { createTerminal } from '../../../src/cli/terminal/terminal.ts'
import { Sink } from '../in-process.ts'

/** What is piped into a conversation, line by line. */

const LONGEST = 32 * 1024

const pipe = async (...input: readonly (string | Buffer)[]) => {
  const stdin = Readable.from(input.map((piece) => Buffer.from(piece)))
  const terminal = createTerminal(
    { stdin, stdout: new Sink(), stderr: new Sink() },
    { screen: true, onInterrupt: () => {}, ending: new AbortController().signal },
  )
  const said: (Said | FileIntent | Unknown)[] = []
  const typed = {
    say: async (intent: Said) => void said.push(intent),
    sayOfFiles: async (intent: FileIntent) => void said.push(intent),
    misread: async (intent: Unknown) => void said.push(intent),
  }
  const quit = await doTyped(terminal, typed, new AbortController().signal)
  return { said, quit }
}

test('a line that cannot be sent is refused by itself, with its size, and what follows it goes on', async () => {
  const { said, quit } = await pipe(
    'one\r\n',
    Buffer.of(0xff, 0x0a),
    `${'x'.repeat(5 << 20)}\n`,
    `${'y'.repeat(LONGEST)}\n//${'z'.repeat(LONGEST - 1)}\n`,
    '\0\n/files\nlast',
  )
  assert.deepEqual(
    said.map((intent) =>
      intent.kind === 'unsendable' ? intent.error.code : 'text' in intent ? intent.text.slice(0, 4) : intent.kind,
    ),
    ['one', 'ERR_INPUT', 'ERR_MESSAGE_SIZE', 'yyyy', '/zzz', '\0', 'files', 'last'],
  )
  const long = said[2]
  assert.ok(long?.kind === 'unsendable' && long.error.message.includes(`${5 << 20}`))
  assert.equal(quit, false)
})

test('/quit ends it, and what follows is not read', async () => {
  const { said, quit } = await pipe('one\n/quit\ntwo\n')
  assert.deepEqual([said.length, quit], [1, true])
})
