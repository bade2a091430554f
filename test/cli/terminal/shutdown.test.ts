import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { test } from 'node:test'
import { listenForStop } from '../../../src/cli/terminal/shutdown.ts'

const begin = () => {
  const signals = new EventEmitter()
  const exits: boolean[] = []
  return { signals, exits, shutdown: listenForStop(signals, (late) => exits.push(late)) }
}

test('the first signal asks, the second does not', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    const { signals, exits, shutdown } = begin()
    assert.equal(shutdown.signal.aborted, false)
    signals.emit(name)
    assert.equal(shutdown.signal.aborted, true)
    assert.deepEqual(exits, [])
    signals.emit('SIGINT')
    assert.deepEqual(exits, [false])
    shutdown.release()
  }
})

test('a command ends within three seconds', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { signals, exits } = begin()
  signals.emit('SIGTERM')
  t.mock.timers.tick(2_499)
  assert.deepEqual(exits, [])
  t.mock.timers.tick(1)
  assert.deepEqual(exits, [true])
})

test('a command that has ended is not ended again', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { signals, exits, shutdown } = begin()
  shutdown.request()
  shutdown.release()
  t.mock.timers.tick(10_000)
  assert.deepEqual(exits, [])
  assert.deepEqual(signals.eventNames(), [])
})
