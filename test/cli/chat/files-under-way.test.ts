import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFilesUnderWay } from '../../../src/cli/chat/files-under-way.ts'
import type { CliEvent } from '../../../src/cli/output/cli-events.ts'
import { FileError } from '../../../src/core/errors.ts'
import type { FileTransfer } from '../../../src/files/file-api.ts'
import { isSettled } from '../../connection/sides.ts'
import { PEER, transferOf } from './happenings.ts'

/** What is asked of files under way, of files that do as they are told. */

const begin = (who?: string) => {
  const events: CliEvent[] = []
  const kept: FileTransfer[] = []
  const asked: unknown[] = []
  const cancelled: number[] = []
  const { promise: arrival, resolve: arrive } = Promise.withResolvers<FileTransfer>()
  const files = {
    list: (options: { readonly who?: string | undefined } = {}) => {
      asked.push(options.who)
      return kept
    },
    cancel: async (id: number) => {
      if (cancelled.includes(id)) throw new FileError('ERR_FILE_UNKNOWN')
      cancelled.push(id)
    },
    finished: () => arrival,
  }
  const underWay = createFilesUnderWay({ emit: async (event) => events.push(event) > 0 }, files, who)
  return { events, kept, asked, cancelled, underWay, arrive: () => arrive(transferOf(1)) }
}

const NEVER = new AbortController().signal

test('it waits for what is ours and on its way', async () => {
  const { kept, underWay, arrive } = begin()
  kept.push(transferOf(2, { state: 'delivered' }), transferOf(3, { direction: 'in', state: 'waiting' }))
  await underWay.settled(NEVER)
  kept.push(transferOf(1))
  const settled = underWay.settled(NEVER)
  assert.equal(await isSettled(settled), false)
  arrive()
  await settled
})

test('at the end what is kept is told', async () => {
  const { events, kept, underWay } = begin()
  kept.push(transferOf(1), transferOf(2, { state: 'delivered' }), transferOf(3, { direction: 'in', state: 'waiting' }))
  await underWay.tellWaiting()
  const about = { event: 'file-waiting', peer: PEER, name: 'a.txt', size: 100, done: 50 }
  assert.deepEqual(
    events,
    (['out', 'in'] as const).map((direction) => ({ ...about, direction })),
  )
})

test('/files tells what is under way, and nothing that is over, of whom it was said', async () => {
  const { events, kept, asked, underWay } = begin(PEER)
  kept.push(
    transferOf(1, { state: 'delivered' }),
    transferOf(2),
    transferOf(3, { direction: 'in', state: 'waiting', done: 10 }),
    transferOf(4, { state: 'failed', reason: 'ERR_FILE_CHANGED' }),
  )
  await underWay.say({ kind: 'files' })
  const when = { at: 1_767_225_600, code: null, exposed: false }
  const about = { event: 'file', peer: PEER, name: 'a.txt', size: 100, ...when, path: '/a.txt' }
  assert.deepEqual(events, [
    { ...about, id: 2, direction: 'out', done: 50, state: 'sending', sha256: 'ab' },
    { ...about, id: 3, direction: 'in', done: 10, state: 'waiting', sha256: 'ab' },
  ])
  assert.deepEqual(asked, [PEER])
})

test('/cancel gives up the one of that number, or the only one; what it cannot mean is refused', async () => {
  const { events, kept, cancelled, underWay } = begin()
  const cancel = (id: number | null) => underWay.say({ kind: 'cancel', id, text: `/cancel ${id}` })
  await cancel(null)
  kept.push(transferOf(1), transferOf(2, { state: 'delivered' }))
  await cancel(null)
  assert.deepEqual(cancelled, [1])
  const about = { peer: PEER, direction: 'out', name: 'a.txt', size: 100 }
  assert.deepEqual(events.at(-1), { event: 'file-cancelled', id: 1, ...about })
  kept.push(transferOf(3, { direction: 'in', state: 'receiving' }))
  await cancel(null)
  await cancel(2)
  await cancel(1)
  assert.deepEqual(cancelled, [1])
  await cancel(3)
  assert.deepEqual(events.at(-1), { event: 'file-cancelled', id: 3, ...about, direction: 'in' })
  const refused = events.flatMap((event) => (event.event === 'not-sent' ? [[event.text, event.code]] : []))
  assert.deepEqual(refused, [
    ['/cancel null', 'ERR_FILE_UNKNOWN'],
    ['/cancel null', 'ERR_USAGE'],
    ['/cancel 2', 'ERR_FILE_UNKNOWN'],
    ['/cancel 1', 'ERR_FILE_UNKNOWN'],
  ])
  assert.equal(underWay.failures, 4)
})
