import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { Context } from '../../src/cli/context.ts'
import { type PhraseFlags, readPhrase } from '../../src/cli/options/phrase.ts'
import { wording } from '../../src/cli/output/wording.ts'
import { createTerminal } from '../../src/cli/terminal/terminal.ts'
import { generatePhrase, normalizePhrase } from '../../src/core/recovery-phrase.ts'
import { seededRandom } from '../core/test-bytes.ts'
import { Sink } from './in-process.ts'
import { Keyboard, Screen } from './terminal/screen.ts'

/** The recovery phrase, as it is typed, pasted, piped in and read from a file. */

const PHRASE = generatePhrase(seededRandom('phrase input'))
const words = PHRASE.split(' ')
const created = { event: 'created', address: `hf1${'q'.repeat(58)}`, folder: '/tmp/7', sealedBy: 'key-file' } as const
const SHOWN = wording.created({ ...created, rootKey: 'folder', recoveryPhrase: PHRASE }).join('\n')

const { signal } = new AbortController()
const contextOf = (terminal: Context['terminal']): Context => ({ terminal, signal }) as Context

const atKeyboard = () => {
  const [screen, stdin] = [new Screen(200), new Keyboard()]
  const terminal = createTerminal(
    { stdin, stdout: screen, stderr: screen },
    { screen: true, onInterrupt: () => {}, ending: new AbortController().signal },
  )
  const reading = readPhrase(contextOf(terminal), {})
  reading.catch(() => {})
  /** Waits until the last row is this question, and answers. */
  const answer = async (question: RegExp, typed: string): Promise<void> => {
    while (!question.test(screen.text.split('\n').at(-1) ?? '') || !stdin.isRaw) await turn()
    stdin.write(typed)
  }
  return { screen, reading, answer }
}

const FIRST = /^recovery phrase .*: ?$/

test('typed in one line it is there at once, and never shows', async () => {
  const { screen, reading, answer } = atKeyboard()
  await answer(FIRST, `${PHRASE}\r`)
  assert.equal(normalizePhrase(await reading), PHRASE)
  for (const word of words) assert.doesNotMatch(screen.text, new RegExp(`\\b${word}\\b`))
})

test('the whole screen that showed it can be pasted, in one piece or several', async () => {
  for (const size of [SHOWN.length, 40, 7]) {
    const { screen, reading, answer } = atKeyboard()
    await answer(FIRST, '')
    for (let at = 0; at < SHOWN.length; at += size) await answer(/./, SHOWN.slice(at, at + size).replaceAll('\n', '\r'))
    await answer(/./, '\r')
    assert.equal(normalizePhrase(await reading), PHRASE)
    assert.doesNotMatch(screen.text, new RegExp(` ${words[0]} `))
  }
})

test('typed in several lines it says how many words there are, until they are all there', async () => {
  const { reading, answer } = atKeyboard()
  await answer(FIRST, `${words.slice(0, 5).join(' ')}\r`)
  await answer(/^5 of 24 words/, `${words.slice(5, 23).join('\u{a0}')}\r`)
  await answer(/^23 of 24 words/, `${words[23]}\r`)
  assert.equal(normalizePhrase(await reading), PHRASE)
})

test('a wrong word is told by its number, with what it looks like, and can be typed again', async () => {
  const { screen, reading, answer } = atKeyboard()
  const wrong = words.with(2, `${words[2]}x`).with(20, 'qqqqqqqqq')
  await answer(FIRST, `${wrong.join(' ')}\r`)
  await answer(/again/, `${words.slice(1).join(' ')}\r`)
  await answer(/^23 of 24 words/, '\r')
  await answer(/again/, `${PHRASE}\r`)
  assert.equal(normalizePhrase(await reading), PHRASE)
  assert.match(screen.text, /^words 3, 21 are not on the list$/m)
  assert.match(screen.text, new RegExp(`^word 3: perhaps .*\\b${words[2]}\\b`, 'm'))
  assert.match(screen.text, /^it has 23 words, not 24$/m)
  assert.doesNotMatch(screen.text, new RegExp(`${words[2]}x|qqqq|\\b${words[5]}\\b`))
})

test('an empty line is no phrase', async () => {
  const { reading, answer } = atKeyboard()
  await answer(FIRST, '\r')
  await assert.rejects(reading, { code: 'ERR_USAGE' })
  const { reading: again, answer: type } = atKeyboard()
  await type(FIRST, 'zoo\r')
  await type(/^1 of 24/, '\r')
  await type(/again/, '\r')
  await assert.rejects(again, { code: 'ERR_USAGE' })
})

const piped = (input: string | Buffer, flags: PhraseFlags = {}): Promise<string> => {
  const streams = { stdin: Readable.from([Buffer.from(input)]), stdout: new Sink(), stderr: new Sink() }
  return readPhrase(
    contextOf(createTerminal(streams, { screen: true, onInterrupt: () => {}, ending: new AbortController().signal })),
    flags,
  )
}

test('a pipe and a file may have it in any form, and must be text of a size that it can have', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'handfast-cli-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  const path = join(dir, 'words')
  for (const text of [PHRASE, SHOWN, SHOWN.replaceAll('\n', '\r\n'), `\u{feff}${words.join('\n')}`]) {
    await writeFile(path, text)
    for (const given of [
      await piped(text),
      await piped(text, { phraseFile: '-' }),
      await piped('', { phraseFile: path }),
    ])
      assert.equal(normalizePhrase(given), PHRASE)
  }
  for (const text of [Buffer.from(`${PHRASE}\u{e4}`, 'latin1'), `${PHRASE}${' '.repeat(20_000)}`]) {
    await writeFile(path, text)
    await assert.rejects(piped(text), { code: 'ERR_INPUT' })
    await assert.rejects(piped('', { phraseFile: path }), { code: 'ERR_INPUT' })
  }
  await assert.rejects(piped('', { phraseFile: '/dev/zero' }), { code: 'ERR_INPUT' })
  await assert.rejects(piped('', { phraseFile: join(dir, 'none') }), { code: 'ERR_FILE_READ' })
  await assert.rejects(piped(''), { code: 'ERR_USAGE' })
})
