import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFileBars } from '../../../src/cli/chat/file-bars.ts'
import { transferOf } from './happenings.ts'

const begin = () => {
  const seen: string[] = []
  const bars = createFileBars({
    begin: (name, first = 0) => {
      seen.push(`${name} from ${first}`)
      return {
        update: (done) => void seen.push(`${name} ${done}`),
        end: () => void seen.push(`${name} ends`),
      }
    },
  })
  return { seen, bars }
}

test('a file has a bar while it moves, from where it goes on', () => {
  const { seen, bars } = begin()
  for (const state of ['queued', 'offered'] as const) bars.show(transferOf(1, { state, done: 0 }))
  assert.deepEqual(seen, [])
  for (const done of [0, 50]) bars.show(transferOf(1, { done }))
  bars.show(transferOf(1, { state: 'waiting', direction: 'in' }))
  bars.show(transferOf(1, { state: 'receiving', direction: 'in', done: 60 }))
  bars.show(transferOf(1, { state: 'delivered', done: 100 }))
  assert.deepEqual(seen, [
    'a.txt from 0',
    'a.txt 0',
    'a.txt 50',
    'a.txt ends',
    'a.txt from 60',
    'a.txt 60',
    'a.txt ends',
  ])
})

test('at the end all bars are put away', () => {
  const { seen, bars } = begin()
  bars.show(transferOf(1, { name: 'a.txt' }))
  bars.show(transferOf(2, { name: 'b.txt' }))
  bars.end()
  assert.deepEqual(seen.slice(-2), ['a.txt ends', 'b.txt ends'])
})
