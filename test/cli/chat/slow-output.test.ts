import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFilesUnderWay } from '../../../src/cli/chat/files-under-way.ts'
import { createRecipient } from '../../../src/cli/chat/recipient.ts'
import { createSpeaker } from '../../../src/cli/chat/speaker.ts'
import { doTyped } from '../../../src/cli/chat/typed-lines.ts'
import type { CliEvent } from '../../../src/cli/output/cli-events.ts'
import { emitEach } from '../../../src/cli/output/emit-each.ts'
import { MessageError } from '../../../src/core/errors.ts'
import { isSettled } from '../../connection/sides.ts'
import { PEER, transferOf } from './happenings.ts'

/** Whoever reads the output is slow: nothing more is printed, read or asked for until it has taken what there is. */

const createOutput = () => {
  const waiting: ((taken: boolean) => void)[] = []
  const told: string[] = []
  return {
    told,
    emit: ({ event }: CliEvent): Promise<boolean> => {
      told.push(event)
      return new Promise((resolve) => waiting.push(resolve))
    },
    take: (taken = true): void => waiting.shift()?.(taken),
  }
}

const NEVER = new AbortController().signal

test('what is piped in is read no faster than its complaints are', async () => {
  const { told, emit, take } = createOutput()
  const messages = {
    send: async () => {
      throw new MessageError('ERR_MESSAGE_SIZE')
    },
  }
  const files = { list: () => [transferOf(1), transferOf(2)], cancel: async () => {}, finished: () => assert.fail() }
  const speaker = createSpeaker(
    { emit },
    { messages, files: { send: () => assert.fail(), finished: () => assert.fail() } },
    NEVER,
  )
  const terminal = { interactive: false, prompt: () => {} }
  const recipient = createRecipient({ terminal, emit }, speaker)
  const underWay = createFilesUnderWay({ emit }, files)
  const toPeer = (intent: Parameters<typeof speaker.say>[1]): Promise<void> => speaker.say(PEER, intent)
  for (const [say, text] of [
    [recipient.say, 'a line'],
    [toPeer, 'a line'],
    [toPeer, '/mistyped'],
  ] as const) {
    let read = 0
    const lines = async function* () {
      for (; read < 3; read++) yield { text, bytes: text.length, fault: null }
    }
    const typing = doTyped(
      { interactive: false, lines },
      { say, sayOfFiles: underWay.say, misread: speaker.misread },
      NEVER,
    )
    for (let line = 0; line < 3; line++) {
      assert.equal(await isSettled(typing), false)
      assert.deepEqual([read, told.length], [line, line + 1])
      take()
    }
    assert.equal(await typing, false)
    told.splice(0)
  }
  const listing = underWay.say({ kind: 'files' })
  assert.equal(await isSettled(listing), false)
  assert.deepEqual(told, ['file'])
  take()
  assert.equal(await isSettled(listing), false)
  take()
  await listing
  assert.deepEqual(told, ['file', 'file'])
})

test('of a list nothing is asked for before the one before is taken, and nothing more once the command is to end', async () => {
  const { told, emit, take } = createOutput()
  const over = new AbortController()
  let asked = 0
  function* events(): Generator<CliEvent> {
    for (; ; asked++) yield { event: 'mailbox', address: PEER }
  }
  const terminal = { gone: false }
  const listing = emitEach({ emit, signal: over.signal, terminal }, events())
  for (let count = 0; count < 3; count++) {
    assert.equal(await isSettled(listing), false)
    assert.deepEqual([asked, told.length], [count, count + 1])
    take()
  }
  assert.equal(await isSettled(listing), false)
  over.abort(new Error('enough'))
  take(false)
  await assert.rejects(listing, { message: 'enough' })
  assert.deepEqual([asked, told.length], [3, 4])

  // Who has seen enough interrupts nothing.
  terminal.gone = true
  const seen = emitEach({ emit, signal: over.signal, terminal }, events())
  assert.equal(await isSettled(seen), false)
  take(false)
  await seen
  assert.deepEqual([asked, told.length], [3, 5])
})
