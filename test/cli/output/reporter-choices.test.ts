import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CliEvent } from '../../../src/cli/output/cli-events.ts'
import { createReporter, type ReporterOptions } from '../../../src/cli/output/reporter.ts'
import type { PeerEvent } from '../../../src/peer/peer-events.ts'
import { OWN, offerOf, PEER, remoteOf, transferOf } from '../chat/happenings.ts'

/** What a reporter remembers of what it told, and what the command that has it chose. */

const report = (event: PeerEvent, options: Partial<ReporterOptions> = {}): readonly CliEvent[] =>
  createReporter({ own: OWN, ...options })(event)

const PUBLICATION = { accepted: 0, replicas: [], refusals: new Map(), weak: true, crowded: false }

test('who comes again is told of again, but the number to compare is shown once', () => {
  const tell = createReporter({ own: OWN })
  const names = (peer: string) =>
    tell({ type: 'connected', remote: remoteOf({ address: peer }) }).map(({ event }) => event)
  assert.deepEqual(names(PEER), ['connected', 'safety-number'])
  assert.deepEqual(names(PEER), ['connected'])
  assert.deepEqual(names(OWN), ['connected', 'safety-number'])
})

test('a file that goes on is told of each time it does, and not while it moves', () => {
  const tell = createReporter({ own: OWN })
  const file = (changed: Parameters<typeof transferOf>[1]) =>
    tell({ type: 'file', transfer: transferOf(1, { direction: 'in', ...changed }) })
  for (const done of [40, 60]) {
    const [resumed, ...others] = file({ state: 'receiving', done })
    assert.deepEqual([resumed?.event, others], ['file-resumed', []])
    assert.deepEqual(file({ state: 'receiving', done: done + 5 }), [])
    assert.deepEqual(file({ state: 'waiting', done: done + 10 }), [])
  }
  const full = { state: 'waiting', reason: 'ERR_FILE_FULL' } as const
  assert.partialDeepStrictEqual(file(full), [{ event: 'file-held', code: 'ERR_FILE_FULL' }])
  assert.deepEqual(file(full), [], 'it is told when it begins to wait')
  assert.deepEqual(file({ state: 'receiving', done: 80 }).length, 1)
  const told = file({ state: 'failed', reason: 'ERR_FILE_FULL' })
  assert.partialDeepStrictEqual(told, [{ event: 'file-failed', direction: 'in', name: 'a.txt', code: 'ERR_FILE_FULL' }])
  const takenBack = file({ state: 'failed', reason: 'ERR_FILE_WITHDRAWN' })
  assert.partialDeepStrictEqual(takenBack, [{ event: 'file-failed', code: 'ERR_FILE_WITHDRAWN' }])
})

test('a command that introduces nobody tells what became of their keys, and nothing else of them', () => {
  const options = { introduces: false }
  assert.deepEqual(report({ type: 'connected', remote: remoteOf() }, options), [])
  assert.deepEqual(report({ type: 'connected', remote: remoteOf({ change: 'rotated' }) }, options), [
    { event: 'changed', peer: PEER, change: 'rotated' },
  ])
  assert.deepEqual(report({ type: 'disconnected', remote: remoteOf(), reason: 'left', error: null }, options), [])
})

test('whether files are taken, and a mailbox is kept, is told as it was said at the start', () => {
  const [offered] = report({ type: 'offer', offer: offerOf(() => {}) }, { acceptFiles: true })
  assert.partialDeepStrictEqual(offered, { event: 'file-offered', accepted: true })
  const told = report({ type: 'listening', publication: PUBLICATION }, { keepsMailbox: true })
  assert.deepEqual(told.at(1), { event: 'keeping', address: OWN })
})

test('that some of it was left out is told, and where all of it is', () => {
  const [missed] = report({ type: 'missed', events: 12 })
  assert.deepEqual(missed, { event: 'notice', about: 'missed', address: OWN, code: null, message: '12' })
})

test('who was introduced long ago is introduced again: not all who ever came are remembered', () => {
  const reporter = createReporter({ own: OWN })
  const come = (address: string): number => reporter({ type: 'connected', remote: remoteOf({ address }) }).length
  assert.deepEqual([come('first'), come('first')], [2, 1])
  for (let count = 1; count < 10_000; count++) come(`${count}`)
  assert.equal(come('first'), 1)
  come('one more')
  assert.equal(come('first'), 2)
})
