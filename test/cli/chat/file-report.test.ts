import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tendFiles } from '../../../src/cli/chat/file-report.ts'
import type { CliEvent } from '../../../src/cli/output/events.ts'
import { FileError } from '../../../src/core/errors.ts'
import type { FileOffer, Files, FileTransfer } from '../../../src/files/file-api.ts'
import { isSettled, settle } from '../../connection/sides.ts'

/** What is said about files, with files that do as they are told. */

const PEER = 'hf1kh9wk63pek84h4yjgpu5hsrreavjjgswdyjmwnhmtqra00apu4tqy99zse'

const start = ({
  acceptFiles = true,
  download = undefined as string | undefined,
  from = undefined as string | undefined,
} = {}) => {
  const events: CliEvent[] = []
  const bars: string[] = []
  const offers: FileOffer[] = []
  const asked: unknown[] = []
  const listeners = new Set<(transfer: FileTransfer) => void>()
  const kept: FileTransfer[] = []
  const cancelled: number[] = []
  const never = () => Promise.reject(new Error())
  const { promise: arrival, resolve: arrive } = Promise.withResolvers<FileTransfer>()
  const files: Files = {
    ...{ send: never, finished: () => arrival },
    cancel: async (id) => {
      if (cancelled.includes(id)) throw new FileError('ERR_FILE_UNKNOWN')
      cancelled.push(id)
    },
    receive: async (options = {}) => {
      asked.push(options.from)
      return offers.shift() ?? null
    },
    list: () => kept,
    watch: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    async *[Symbol.asyncIterator]() {},
  }
  const context = {
    folder: '/data',
    emit: (event: CliEvent) => void events.push(event),
    progress: {
      begin: (name: string, first = 0) => {
        bars.push(`${name} from ${first}`)
        return {
          update: (done: number) => void bars.push(`${name} ${done}`),
          end: () => void bars.push(`${name} ends`),
        }
      },
    },
  }
  const begin = () => tendFiles(context, files, { acceptFiles, download, from, signal: new AbortController().signal })
  const tell = (changed: Partial<FileTransfer>): void => {
    const transfer: FileTransfer = {
      ...{ id: 1, peer: PEER, direction: 'out', name: 'a.txt', size: 100, sha256: 'ab', path: '/data/received/a.txt' },
      ...{ at: 0, done: 0, state: 'queued', reason: null },
      ...changed,
    }
    for (const listener of listeners) listener(transfer)
  }
  return { events, bars, offers, asked, kept, cancelled, begin, tell, arrive: () => arrive(kept[0] ?? assert.fail()) }
}

const offerOf = (done: (what: string) => void, error?: Error): FileOffer => ({
  ...{ peer: PEER, name: 'a.txt', size: 100, sha256: 'ab' },
  accept: async (folder) => {
    done(`accept ${folder}`)
    throw error ?? new Error('the watch tells what becomes of it')
  },
  refuse: async () => done('refuse'),
})

test('offers are taken into the folder, or refused, as was said at the start', async () => {
  for (const [options, expected] of [
    [{}, 'accept /data/received'],
    [{ download: '/elsewhere', from: PEER }, 'accept /elsewhere'],
    [{ acceptFiles: false }, 'refuse'],
  ] as const) {
    const { events, offers, asked, begin } = start(options)
    const done: string[] = []
    offers.push(
      offerOf((what) => done.push(what)),
      offerOf((what) => done.push(what), new FileError('ERR_FILE_FULL')),
    )
    begin()
    await settle()
    assert.deepEqual(done, [expected, expected])
    assert.equal(asked[0], 'from' in options ? PEER : undefined)
    const accepted = !('acceptFiles' in options)
    assert.deepEqual(events[1], { event: 'file-offered', peer: PEER, name: 'a.txt', size: 100, accepted })
  }
})

test('a file is shown while it moves, and told when it is there', () => {
  const { events, bars, begin, tell } = start()
  begin()
  tell({})
  tell({ state: 'offered' })
  tell({ state: 'sending' })
  tell({ state: 'sending', done: 50 })
  tell({ state: 'delivered', done: 100 })
  assert.deepEqual(bars, ['a.txt from 0', 'a.txt 0', 'a.txt 50', 'a.txt ends'])
  assert.deepEqual(events, [{ event: 'file-sent', peer: PEER, name: 'a.txt', size: 100, sha256: 'ab' }])
  tell({ state: 'saved', direction: 'in', done: 100 })
  assert.deepEqual(events[1], {
    event: 'file-saved',
    peer: PEER,
    name: 'a.txt',
    size: 100,
    path: '/data/received/a.txt',
  })
})

test('a file that goes on says from where, each time; one that fails says why', () => {
  const { events, bars, begin, tell } = start()
  begin()
  for (const done of [40, 60]) {
    tell({ direction: 'in', state: 'receiving', done })
    tell({ direction: 'in', state: 'waiting', done: done + 10 })
  }
  const about = { peer: PEER, direction: 'in', name: 'a.txt' } as const
  assert.deepEqual(events, [
    { event: 'file-resumed', ...about, size: 100, done: 40 },
    { event: 'file-resumed', ...about, size: 100, done: 60 },
  ])
  assert.deepEqual(bars, ['a.txt from 40', 'a.txt 40', 'a.txt ends', 'a.txt from 60', 'a.txt 60', 'a.txt ends'])
  tell({ direction: 'in', state: 'failed', reason: 'ERR_FILE_FULL' })
  assert.partialDeepStrictEqual(events.at(-1), { event: 'file-failed', ...about, code: 'ERR_FILE_FULL' })
})

test('it waits for what is ours and on its way', async () => {
  const { kept, begin, arrive } = start()
  const desk = begin()
  const sending: FileTransfer = {
    ...{ id: 1, peer: PEER, direction: 'out', name: 'a.txt', size: 100, sha256: 'ab', path: '/a.txt' },
    ...{ at: 0, done: 50, state: 'sending', reason: null },
  }
  kept.push({ ...sending, id: 2, state: 'delivered' }, { ...sending, id: 3, direction: 'in', state: 'waiting' })
  await desk.settled()
  kept.push(sending)
  const settled = desk.settled()
  assert.equal(await isSettled(settled), false)
  arrive()
  await settled
})

test('at the end bars are put away, and what is kept is told', () => {
  const { events, bars, kept, begin, tell } = start()
  const desk = begin()
  const sending: FileTransfer = {
    ...{ id: 1, peer: PEER, direction: 'out', name: 'a.txt', size: 100, sha256: 'ab', path: '/a.txt' },
    ...{ at: 0, done: 50, state: 'sending', reason: null },
  }
  tell(sending)
  kept.push(
    sending,
    { ...sending, id: 2, state: 'delivered' },
    { ...sending, id: 3, direction: 'in', state: 'waiting' },
  )
  desk.end()
  tell({ ...sending, state: 'delivered' })
  assert.equal(bars.at(-1), 'a.txt ends')
  assert.deepEqual(
    events.filter(({ event }) => event === 'file-waiting'),
    (['out', 'in'] as const).map((direction) => ({
      event: 'file-waiting',
      ...{ peer: PEER, direction, name: 'a.txt', size: 100, done: 50 },
    })),
  )
})

const transferOf = (id: number, changed: Partial<FileTransfer> = {}): FileTransfer => ({
  ...{ id, peer: PEER, direction: 'out', name: 'a.txt', size: 100, sha256: 'ab', path: '/a.txt' },
  ...{ at: 1_767_225_600_999, done: 50, state: 'sending', reason: null },
  ...changed,
})

test('/files tells what is under way, and nothing that is over', async () => {
  const { events, kept, begin } = start()
  kept.push(
    transferOf(1, { state: 'delivered' }),
    transferOf(2),
    transferOf(3, { direction: 'in', state: 'waiting', done: 10 }),
    transferOf(4, { state: 'failed', reason: 'ERR_FILE_CHANGED' }),
  )
  await begin().say({ kind: 'files' })
  const about = { event: 'file', peer: PEER, name: 'a.txt', size: 100, at: 1_767_225_600, code: null, path: '/a.txt' }
  assert.deepEqual(events, [
    { ...about, id: 2, direction: 'out', done: 50, state: 'sending', sha256: 'ab' },
    { ...about, id: 3, direction: 'in', done: 10, state: 'waiting', sha256: 'ab' },
  ])
})

test('/cancel gives up the one of that number, or the only one; what it cannot mean is refused', async () => {
  const { events, kept, cancelled, begin } = start()
  const desk = begin()
  const cancel = (id: number | null) => desk.say({ kind: 'cancel', id, text: `/cancel ${id}` })
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
  assert.equal(desk.failures, 4)
})

test('a file of ours that was given up is no failure, one that its sender took back is', () => {
  const { events, begin, tell } = start()
  begin()
  tell({ state: 'failed', reason: 'ERR_FILE_WITHDRAWN' })
  assert.deepEqual(events, [])
  tell({ state: 'failed', reason: 'ERR_FILE_WITHDRAWN', direction: 'in' })
  assert.partialDeepStrictEqual(events.at(-1), { event: 'file-failed', code: 'ERR_FILE_WITHDRAWN', direction: 'in' })
})
