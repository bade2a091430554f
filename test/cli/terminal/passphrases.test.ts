import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { openVault, readVault } from '../../../src/store/vault.ts'
import { cheapPassphrases } from '../../cheap-passphrases.ts'
import { createDht } from '../dht.ts'
import { beginCli, type CliOptions, runCli } from '../in-process.ts'
import { Keyboard, Screen } from './screen.ts'

/** Passphrases, from files, the environment and the keyboard; and the words that are asked for. */

/** A folder. A passphrase costs nothing but in the test that gives it every way. */
const start = async (t: TestContext, costs: 'nothing' | 'its time' = 'nothing'): Promise<string> => {
  if (costs === 'nothing') cheapPassphrases(t)
  const dir = await mkdtemp(join(tmpdir(), 'handfast-cli-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  return dir
}

const opens = async (folder: string, passphrase: string | null): Promise<boolean> =>
  openVault(folder, passphrase).then(
    () => true,
    () => false,
  )

/** A command at a terminal. */
const atKeyboard = (argv: readonly string[], options: CliOptions = {}) => {
  const [screen, stdin] = [new Screen(100), new Keyboard()]
  const running = beginCli(argv, { ...options, streams: { stdin, stdout: screen, stderr: screen } })
  let over = false
  const done = running.done.then(({ code }) => {
    over = true
    return code
  })
  const last = (): string => screen.text.split('\n').at(-1) ?? ''
  /** Waits until the last row is this question, and answers. */
  const answer = async (question: RegExp, typed: string): Promise<void> => {
    while (!question.test(last()) || !stdin.isRaw) {
      if (over) throw new Error(`not asked: ${question}\n${screen.text}`)
      await turn()
    }
    for (const key of typed) stdin.write(key)
    stdin.write('\r')
    await turn()
  }
  return { screen, stdin, done, answer, last }
}

/** What stands in the rows of words; the k-th. */
const wordsOn = (screen: Screen): ReadonlyMap<number, string> =>
  new Map(Array.from(screen.text.matchAll(/\b(\d{1,2}) ([a-z]+)/g), ([, place, word]) => [Number(place), String(word)]))

suite('passphrases that are given', { concurrency: 2 }, () => {
  test('a file comes before the environment, and its first line is all of it', async (t) => {
    const dir = await start(t, 'its time')
    const [folder, file] = [join(dir, 'alice'), join(dir, 'secret')]
    await writeFile(file, 'p\u00e4ss phrase \r\nsecond line\n')
    const env = { HANDFAST_PASSPHRASE: 'from the environment' }
    assert.equal((await runCli(['init', '--folder', folder, '--passphrase-file', file], { env })).code, 0)
    assert.ok(await opens(folder, 'p\u00e4ss phrase '))
    const other = join(dir, 'bob')
    assert.equal((await runCli(['init', '--folder', other], { env })).code, 0)
    assert.ok(await opens(other, 'from the environment'))
    const open = join(dir, 'carol')
    assert.equal((await runCli(['init', '--folder', open], { env: { HANDFAST_PASSPHRASE: '' } })).code, 0)
    assert.equal((await readVault(open)).sealedBy, 'key-file')
  })

  test('a file that is none, empty, endless or no text is refused, and nothing is made', async (t) => {
    const dir = await start(t, 'its time')
    const folder = join(dir, 'alice')
    const [empty, binary] = [join(dir, 'empty'), join(dir, 'binary')]
    await writeFile(empty, '\nsecond line')
    await writeFile(binary, Buffer.of(0x61, 0xff, 0xfe))
    for (const [file, code] of [
      [join(dir, 'none'), 'ERR_FILE_READ'],
      [dir, 'ERR_FILE_READ'],
      [empty, 'ERR_USAGE'],
      [binary, 'ERR_USAGE'],
      ['/dev/null', 'ERR_USAGE'],
      ['/dev/zero', 'ERR_USAGE'],
    ] as const) {
      const { stdout, stderr } = await runCli(['init', '--json', '--folder', folder, '--passphrase-file', file])
      assert.equal(JSON.parse(stderr).error.code, code, file)
      assert.equal(stdout, '')
    }
    assert.ok(!(await readdir(dir)).includes('alice'))
  })

  test('no option takes a passphrase itself', async () => {
    for (const option of ['--passphrase', '--new-passphrase'])
      assert.equal((await runCli(['init', option, 'secret'])).code, 2)
  })
})

suite('passphrases that are asked for', { concurrency: 2 }, () => {
  test('init at a terminal asks twice, unseen, and then for three words', async (t) => {
    const folder = join(await start(t), 'alice')
    const { screen, stdin, done, answer, last } = atKeyboard(['init', '--folder', folder])
    await answer(/^new passphrase .*:$/, 'correct horse')
    await answer(/^once more:$/, 'correct house')
    assert.match(screen.text, /differ/)
    await answer(/^new passphrase .*:$/, 'correcT\u007ft horse')
    assert.equal(stdin.isRaw, true)
    await answer(/^once more:$/, 'correct horse')
    const asked: number[] = []
    for (let count = 0; count < 3; count++) {
      while (!/^word \d+:/.test(last())) await turn()
      const place = Number(/\d+/.exec(last())?.[0])
      asked.push(place)
      const word = String(wordsOn(screen).get(place))
      if (count === 1) {
        await answer(/^word/, 'wrong')
        assert.match(screen.text, /that is not word/)
      }
      await answer(new RegExp(`^word ${place}:$`), ` ${word.toUpperCase()} `)
    }
    assert.equal(await done, 0)
    assert.equal(new Set(asked).size, 3)
    assert.equal(stdin.isRaw, false)
    // The phrase may have any of these words.
    assert.ok(!/correct|horse|house/.test(screen.text.replaceAll(/^ *\d+ .*$/gm, '')), screen.text)
    assert.ok(await opens(folder, 'correct horse'))
  })

  test('an empty answer means a key file, --no-check no words, and Ctrl-D enough of them', async (t) => {
    const dir = await start(t)
    const quick = atKeyboard(['init', '--no-check', '--folder', join(dir, 'alice')])
    await quick.answer(/^new passphrase/, '')
    assert.equal(await quick.done, 0)
    assert.doesNotMatch(quick.screen.text, /word \d/)
    assert.ok(await opens(join(dir, 'alice'), null))
    const tired = atKeyboard(['init', '--folder', join(dir, 'bob')])
    await tired.answer(/^new passphrase/, '')
    while (!/^word \d+:$/.test(tired.last())) await turn()
    tired.stdin.write('\u0004')
    assert.equal(await tired.done, 0)
    // What is there already is said before anything is asked.
    const again = atKeyboard(['init', '--folder', join(dir, 'bob')])
    assert.equal(await again.done, 1)
    assert.doesNotMatch(again.screen.text, /passphrase/)
  })

  test('Ctrl-C and Ctrl-D at the question: nothing is made, and the keyboard is given back', async (t) => {
    const folder = join(await start(t), 'alice')
    for (const [key, code] of [
      ['\u0003', 130],
      ['\u0004', 2],
    ] as const)
      for (const first of [true, false]) {
        const { stdin, done, answer, last } = atKeyboard(['init', '--folder', folder])
        if (!first) await answer(/^new passphrase/, 'half')
        while (!(first ? /^new passphrase/ : /^once more/).test(last()) || !stdin.isRaw) await turn()
        stdin.write(key)
        assert.equal(await done, code)
        assert.equal(stdin.isRaw, false)
        assert.equal(await opens(folder, null), false)
      }
  })
})

suite('where passphrases are needed', { concurrency: 2 }, () => {
  test('with --json, on a dumb terminal and without a screen nothing is asked', async (t) => {
    const dir = await start(t)
    const made = atKeyboard(['init', '--json', '--folder', join(dir, 'alice')])
    assert.equal(await made.done, 0)
    assert.equal(made.screen.text.split('\n').filter((line) => line.startsWith('{')).length, 1)
    assert.doesNotMatch(made.screen.text, /new passphrase|word \d/)
    const dumb = atKeyboard(['init', '--folder', join(dir, 'bob')], { env: { TERM: 'dumb' } })
    assert.equal(await dumb.done, 0)
    const env = { HANDFAST_PASSPHRASE: 'secret' }
    assert.equal((await runCli(['init', '--folder', join(dir, 'carol')], { env })).code, 0)
    const locked = atKeyboard(['passphrase', '--remove', '--json', '--folder', join(dir, 'carol')])
    assert.equal(await locked.done, 1)
    assert.match(locked.screen.text, /ERR_STORE_LOCKED/)
  })

  test('passphrase at a terminal: the old one, then the new one twice', async (t) => {
    const folder = join(await start(t), 'alice')
    assert.equal((await runCli(['init', '--folder', folder])).code, 0)
    const set = atKeyboard(['passphrase', '--folder', folder])
    await set.answer(/^new passphrase:$/, 'one')
    await set.answer(/^once more:$/, 'one')
    assert.equal(await set.done, 0)
    assert.ok(await opens(folder, 'one'))
    const wrong = atKeyboard(['passphrase', '--folder', folder])
    await wrong.answer(/^passphrase:$/, 'two')
    assert.equal(await wrong.done, 1)
    const changed = atKeyboard(['passphrase', '--folder', folder])
    await changed.answer(/^passphrase:$/, 'one')
    await changed.answer(/^new passphrase:$/, 'two')
    await changed.answer(/^once more:$/, 'two')
    assert.equal(await changed.done, 0)
    assert.ok(await opens(folder, 'two'))
    const empty = atKeyboard(['passphrase', '--folder', folder])
    await empty.answer(/^passphrase:$/, 'two')
    await empty.answer(/^new passphrase:$/, '')
    assert.equal(await empty.done, 2)
    assert.ok(await opens(folder, 'two'))
    // An end of the input, or none at all, is no passphrase.
    const ended = atKeyboard(['passphrase', '--folder', folder])
    while (!/^passphrase:$/.test(ended.last()) || !ended.stdin.isRaw) await turn()
    ended.stdin.write('\u0004')
    assert.equal(await ended.done, 1)
    const removed = atKeyboard(['passphrase', '--remove', '--folder', folder])
    await removed.answer(/^passphrase:$/, 'two')
    assert.equal(await removed.done, 0)
    assert.ok(await opens(folder, null))
  })

  test('listen, chat and rotate take the passphrase and lookup needs none; without it they are locked', async (t) => {
    const dir = await start(t)
    const [folder, phraseFile] = [join(dir, 'alice'), join(dir, 'phrase')]
    const network = (await createDht(t)).get('node') ?? ''
    const common = ['--folder', folder, '--network', network, '--json']
    const env = { HANDFAST_PASSPHRASE: 'secret' }
    const made = JSON.parse((await runCli(['init', ...common], { env })).stdout)
    await writeFile(phraseFile, made.recoveryPhrase)
    for (const command of [['listen'], ['chat', made.address], ['rotate', '--phrase-file', phraseFile]]) {
      const locked = await runCli([...command, ...common])
      assert.equal(JSON.parse(locked.stderr).error.code, 'ERR_STORE_LOCKED', command[0])
    }
    const rotated = await runCli(['rotate', '--phrase-file', phraseFile, ...common], { env })
    assert.equal(rotated.code, 0, rotated.stderr)
    assert.equal((await openVault(folder, 'secret')).identity.log.epoch, 1)
    assert.equal((await runCli(['lookup', made.address, ...common])).code, 0)
    assert.equal((await runCli(['log', ...common])).code, 0)
    const fresh = ['recover', made.address, '--phrase-file', phraseFile, ...common, '--folder', join(dir, 'new')]
    const recovered = await runCli(fresh, { env: { HANDFAST_PASSPHRASE: 'another' } })
    assert.equal(recovered.code, 0, recovered.stderr)
    assert.ok(await opens(join(dir, 'new'), 'another'))
    const chat = atKeyboard(['chat', made.address, ...common.slice(0, 4)])
    await chat.answer(/^passphrase:$/, 'secret')
    assert.equal(await chat.done, 1)
    assert.match(chat.screen.text, /ERR_PEER_SUPERSEDED/)
  })
})
