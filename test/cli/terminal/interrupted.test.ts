import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { EventEmitter, once } from 'node:events'
import { test } from 'node:test'
import { runCli } from '../in-process.ts'
import { Keyboard, Screen } from './screen.ts'

test('a command that is interrupted on a terminal leaves nothing behind', async (t) => {
  const silent = createSocket('udp4').bind(0, '127.0.0.1')
  t.after(() => silent.close())
  await once(silent, 'listening')
  const signals = new EventEmitter()
  const screen = new Screen(80)
  const pictures: string[] = []
  silent.once('message', () => {
    pictures.push(screen.text)
    signals.emit('SIGINT')
  })
  const address = 'hf1n8jfcr4u6yr6mj873dzdy86ucyaw984ecxmzdvnzt0nvepvxzdhsftudl4'
  const network = `127.0.0.1:${silent.address().port}`
  const streams = { stdin: new Keyboard(), stdout: screen, stderr: screen }
  const { code } = await runCli(['lookup', address, '--network', network], { signals, streams })
  assert.equal(code, 130)
  assert.notDeepEqual(pictures, [''])
  assert.equal(screen.text, '')
  assert.deepEqual(signals.eventNames(), [])
})
