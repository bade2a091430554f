import assert from 'node:assert/strict'
import { PassThrough, Writable } from 'node:stream'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { createTerminal, type Terminal } from '../../../src/cli/terminal/terminal.ts'
import { isSettled } from '../../connection/sides.ts'
import { Sink } from '../in-process.ts'
import { Keyboard, Screen } from './screen.ts'

const NEVER = new AbortController().signal

const begin = (columns = 40) => {
  const screen = new Screen(columns)
  const keyboard = new Keyboard()
  let interrupts = 0
  const onInterrupt = (): void => {
    interrupts += 1
  }
  const terminal = createTerminal(
    { stdin: keyboard, stdout: screen, stderr: screen },
    { screen: true, onInterrupt, ending: NEVER },
  )
  const type = async (keys: string): Promise<void> => {
    for (const key of keys) keyboard.write(key)
    await turn()
  }
  return { screen, keyboard, terminal, type, interrupts: () => interrupts }
}

/** Begins to read, as a command would; the lines read so far. */
const read = (terminal: Terminal, signal = NEVER) => {
  const lines: string[] = []
  const ended = (async () => {
    for await (const { text } of terminal.lines(100, signal)) lines.push(text)
  })()
  return { lines, ended }
}

test('what is being typed stays below what is printed', async () => {
  const { screen, terminal, type } = begin()
  const { lines } = read(terminal)
  await type('hel')
  void terminal.out(['one', 'two'])
  assert.equal(screen.text, 'one\ntwo\n> hel')
  await type('lo')
  void terminal.err(['three'])
  assert.equal(screen.text, 'one\ntwo\nthree\n> hello')
  await type('\r')
  assert.deepEqual(lines, ['hello'])
  assert.equal(screen.text, 'one\ntwo\nthree\n> hello\n>')
  terminal.close()
})

test('so it does over several rows, wherever the cursor is, typed or pasted', async () => {
  for (const paste of [false, true]) {
    const { screen, keyboard, terminal, type } = begin(20)
    read(terminal)
    const text = 'a line that is longer than two of the rows'
    if (paste) keyboard.write(text)
    else await type(text)
    await turn()
    const typed = '> a line that is lon\nger than two of the\nrows'
    assert.equal(screen.text, typed)
    for (let step = 0; step < text.length; step += 7) {
      void terminal.out([`${step}`])
      await type('\u001b[D'.repeat(7))
    }
    void terminal.out(['end'])
    assert.equal(screen.text, `0\n7\n14\n21\n28\n35\nend\n${typed}`, `pasted: ${paste}`)
    terminal.close()
    assert.equal(screen.text, '0\n7\n14\n21\n28\n35\nend')
  }
})

test('progress stands above the prompt and goes without a trace', async () => {
  const { screen, terminal, type } = begin()
  terminal.status('connecting')
  assert.equal(screen.text, 'connecting')
  terminal.status('')
  read(terminal)
  terminal.status('report.pdf 10%')
  await type('hello')
  void terminal.out(['one'])
  terminal.status('report.pdf 20%')
  assert.equal(screen.text, 'one\nreport.pdf 20%\n> hello')
  terminal.status('')
  assert.equal(screen.text, 'one\n> hello')
  terminal.status('x'.repeat(100))
  assert.equal(screen.text, `one\n${'x'.repeat(39)}\n> hello`)
  terminal.close()
  assert.equal(screen.text, 'one')
})

test('a prompt of its own, and what was typed behind it', async () => {
  const { screen, terminal, type } = begin()
  read(terminal)
  await type('hi')
  terminal.prompt('to Alice> ')
  assert.equal(screen.text, 'to Alice> hi')
  await type('\r')
  assert.equal(screen.text, 'to Alice> hi\nto Alice>')
  terminal.close()
})

test('progress without a prompt goes as well', () => {
  const { screen, terminal } = begin()
  terminal.status('connecting')
  void terminal.out(['one'])
  assert.equal(screen.text, 'one\nconnecting')
  terminal.close()
  assert.equal(screen.text, 'one')
})

test('nothing is printed that a terminal would obey', async () => {
  const { screen, terminal } = begin()
  read(terminal)
  void terminal.out(['\u001b[2J\u001b]0;title\u0007'])
  terminal.status('\u001b[5mfile')
  assert.equal(screen.text, '\\u{1b}[2J\\u{1b}]0;title\\u{07}\n\\u{1b}[5mfile\n>')
  terminal.close()
})

test('Ctrl-C asks to stop, Ctrl-D ends the lines, and the keyboard is given back', async () => {
  const { keyboard, screen, terminal, type, interrupts } = begin()
  const { ended } = read(terminal)
  assert.equal(keyboard.isRaw, true)
  await type('half\u0003')
  assert.equal(interrupts(), 1)
  await type('\u0015\u0004')
  await ended
  assert.equal(keyboard.isRaw, false)
  void terminal.out(['after'])
  assert.equal(screen.text, 'after')
  terminal.close()
})

test('an abort ends the lines and gives the keyboard back', async () => {
  const { keyboard, screen, terminal } = begin()
  const stop = new AbortController()
  const { ended } = read(terminal, stop.signal)
  stop.abort()
  await ended
  assert.equal(keyboard.isRaw, false)
  assert.equal(screen.text, '')
})

test('where output is no screen there is no prompt, no progress and no wrapping', async () => {
  const [stdout, stderr] = [new Sink(), new Sink()]
  const stdin = new PassThrough()
  const terminal = createTerminal({ stdin, stdout, stderr }, { screen: true, onInterrupt: () => {}, ending: NEVER })
  const { lines, ended } = read(terminal)
  stdin.end('one\ntwo')
  terminal.status('connecting')
  terminal.prompt('to Alice> ')
  void terminal.out(['x'.repeat(200)])
  void terminal.err(['problem'])
  await ended
  assert.equal(terminal.interactive, false)
  assert.deepEqual(lines, ['one', 'two'])
  assert.equal(stdout.text, `${'x'.repeat(200)}\n`)
  assert.equal(stderr.text, 'problem\n')
  terminal.close()
})

test('an output nobody reads any more asks to stop, once', async () => {
  const stdout = new Sink()
  let interrupts = 0
  const onInterrupt = (): void => {
    interrupts += 1
  }
  createTerminal({ stdin: new PassThrough(), stdout, stderr: new Sink() }, { screen: true, onInterrupt, ending: NEVER })
  stdout.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
  stdout.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
  assert.equal(interrupts, 1)
})

test('what was printed is taken once whoever reads it has it', async () => {
  for (const name of ['out', 'err'] as const) {
    const taken: ((error?: Error) => void)[] = []
    const slow = new Writable({ highWaterMark: 4, write: (_chunk, _encoding, done) => void taken.push(done) })
    const streams = { stdin: new PassThrough(), stdout: new Sink(), stderr: new Sink() }
    const over = new AbortController()
    let interrupts = 0
    const terminal = createTerminal(
      { ...streams, [name === 'out' ? 'stdout' : 'stderr']: slow },
      { screen: false, onInterrupt: () => void interrupts++, ending: over.signal },
    )
    const print = (): Promise<boolean> => terminal[name](['hello'])
    const [first, second] = [print(), print()]
    const settled = terminal.settled()
    assert.deepEqual([await isSettled(first), await isSettled(second)], [false, false])
    taken.shift()?.()
    assert.equal(await first, true)
    assert.deepEqual([await isSettled(second), await isSettled(settled)], [false, false])
    taken.shift()?.()
    assert.equal(await second, true)
    await settled
    assert.equal(await terminal[name]([]), true)

    // Who ends a command does not wait for a reader; what is printed then is written all the same.
    const aborted = print()
    assert.equal(await isSettled(aborted), false)
    over.abort()
    assert.equal(await aborted, false)
    assert.equal(await print(), false)
    assert.equal(slow.writableLength, 12)
    await terminal.settled()

    // Nobody waits for a reader that is gone.
    taken.shift()?.(new Error('EPIPE'))
    assert.equal(await print(), false)
    assert.equal(interrupts, name === 'out' ? 1 : 0)
  }
})

test('a reader that leaves sets everybody free who waited for it', async () => {
  const stuck = new Writable({ write: () => {} })
  const streams = { stdin: new PassThrough(), stdout: stuck, stderr: new Sink() }
  let interrupts = 0
  const terminal = createTerminal(streams, { screen: false, onInterrupt: () => void interrupts++, ending: NEVER })
  const printed = [terminal.out(['one']), terminal.raw('two')]
  stuck.destroy(new Error('EPIPE'))
  assert.deepEqual(await Promise.all(printed), [false, false])
  await terminal.settled()
  assert.equal(interrupts, 1)
})
