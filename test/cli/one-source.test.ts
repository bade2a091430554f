import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { test } from 'node:test'

/** Everything that is told of a running peer comes from its events, through one file: another face needs nothing more. */

const CLI = join(import.meta.dirname, '../../src/cli')
const REPORTER = 'output/reporter.ts'

/** What is told of a peer while it runs, and the files beside the reporter that make such an event for it. */
const TOLD: Readonly<Record<string, readonly string[]>> = {
  listening: ['output/listening-event.ts'],
  keeping: [],
  connected: [],
  'safety-number': [],
  disconnected: [],
  message: [],
  data: [],
  delivery: [],
  'in-mailboxes': [],
  exposed: [],
  changed: [],
  notice: [],
  network: ['output/network-event.ts'],
  'file-offered': [],
  'file-resumed': [],
  'file-held': [],
  'file-saved': [],
  'file-sent': [],
  'file-failed': ['output/file-event.ts'],
}

const FILES = readdirSync(CLI, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
  .map((entry) => join(entry.parentPath, entry.name))
  .map((path) => ({ path: relative(CLI, path).replaceAll('\\', '/'), text: readFileSync(path, 'utf8') }))

/** The files in which something of that form stands. */
const filesWith = (pattern: RegExp): readonly string[] =>
  FILES.filter(({ text }) => pattern.test(text)).map(({ path }) => path)

for (const [name, makers] of Object.entries(TOLD))
  test(`${name}: only the reporter tells it`, () => {
    assert.deepEqual(filesWith(new RegExp(`event: '${name}'`)), makers.length > 0 ? makers : [REPORTER])
  })

test('one loop reads what happens, and nobody reads messages, offers or connections beside it', () => {
  assert.deepEqual(filesWith(/\.events\(/), ['chat/follow.ts'])
  assert.deepEqual(filesWith(/\.take\(/), ['chat/follow.ts'])
  assert.deepEqual(filesWith(/\.(?:receive|incoming|offers|serve)\(|of peer\.(?:messages|files)\b/), [])
  assert.deepEqual(filesWith(/\bcreateReporter\(/), ['chat/follow.ts'])
  for (const file of ['commands/listen.ts', 'commands/chat.ts', 'chat/deliver-now.ts', 'node/node-mailbox.ts'])
    assert.ok(filesWith(/\bfollowPeer\(/).includes(file))
  for (const command of ['send', 'resend']) assert.ok(filesWith(/\bdeliverNow\(/).includes(`commands/${command}.ts`))
})

test('what is known of a file that failed is told where it was typed, and by the reporter', () => {
  assert.deepEqual(filesWith(/\bfailedFileEvent\(/), ['chat/speaker.ts', REPORTER])
  assert.deepEqual(filesWith(/\blisteningEvent\(/), [REPORTER])
})
