import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type FollowOptions, followPeer } from '../../../src/cli/chat/follow.ts'
import { partnerOf } from '../../../src/cli/chat/partner.ts'
import type { CliEvent } from '../../../src/cli/output/cli-events.ts'
import { FileError, PeerError } from '../../../src/core/errors.ts'
import { EVENTS_WAITING_MAX } from '../../../src/core/limits/connection-limits.ts'
import type { Message } from '../../../src/messages/message.ts'
import type { KeptMessages } from '../../../src/messages/message-api.ts'
import { createEventBus } from '../../../src/peer/event-bus.ts'
import type { Peer } from '../../../src/peer/peer.ts'
import { settle } from '../../connection/sides.ts'
import { NETWORK } from '../../network/states.ts'
import { messageOf, OWN, offerOf, PEER, remoteOf, requestOf, transferOf } from './happenings.ts'

/** The loop over what happens, with a real bus, and an output that is read when the test says so. */

const begin = (options: Partial<FollowOptions> = {}) => {
  const bus = createEventBus()
  const log: string[] = []
  const events: CliEvent[] = []
  const untaken: Message[] = []
  const kept: KeptMessages = {
    latest: () => Math.max(0, ...untaken.map(({ id }) => id)),
    came: ({ after, upTo }) => untaken.find(({ id }) => id > after && id <= upTo) ?? null,
    sent: (id) => messageOf(id, 'hello', { direction: 'out' }),
  }
  const over = new AbortController()
  let reading = Promise.resolve(true)
  const peer = {
    address: OWN,
    events: ({ signal }: { readonly signal?: AbortSignal } = {}) => bus.loop(kept, signal),
    messages: {
      take: (message: Message) => {
        log.push(`take ${message.id}`)
        untaken.splice(untaken.indexOf(message), 1)
      },
    },
  } as unknown as Peer
  const context = {
    folder: '/data',
    progress: { begin: () => ({ update: () => {}, end: () => {} }) },
    emit: (event: CliEvent) => {
      events.push(event)
      log.push(event.event)
      return reading
    },
  } as unknown as Parameters<typeof followPeer>[0]
  const following = followPeer(context, peer, { signal: over.signal, ...options })
  following.catch(() => {})
  /** Stops reading the output. @returns goes on reading, or says that nobody will */
  const pause = (): ((goesOn: boolean) => void) => {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    reading = promise
    return (goesOn) => {
      reading = Promise.resolve(goesOn)
      resolve(goesOn)
    }
  }
  /** A message that came, and is on disk. */
  const arrive = (id: number): void => {
    const message = messageOf(id, `message ${id}`)
    untaken.push(message)
    bus.emit({ type: 'message', message })
  }
  return { bus, log, events, over, following, pause, arrive, untaken }
}

test('what happens is told in order, and a message is taken once it was told', async () => {
  const heard: string[] = []
  const { bus, log, following, arrive } = begin({ onEvent: ({ type }) => void heard.push(type) })
  bus.emit({ type: 'connected', remote: remoteOf() })
  arrive(1)
  bus.emit({ type: 'disconnected', remote: remoteOf(), reason: 'left', error: null })
  while (log.at(-1) !== 'disconnected') await settle()
  bus.close()
  await following
  assert.deepEqual(log, ['connected', 'safety-number', 'message', 'take 1', 'disconnected'])
  assert.deepEqual(heard, ['connected', 'message', 'disconnected'])
})

test('offers are taken into the folder, or refused, as was said at the start', async () => {
  for (const [incoming, expected] of [
    [{ acceptFiles: true, download: undefined }, 'accept /data/received'],
    [{ acceptFiles: true, download: '/elsewhere' }, 'accept /elsewhere'],
    [{ acceptFiles: false, download: undefined }, 'refuse'],
    [undefined, 'refuse'],
  ] as const) {
    const { bus, events, following } = begin(incoming === undefined ? {} : { incoming })
    const done: string[] = []
    for (const error of [undefined, new FileError('ERR_FILE_FULL')])
      bus.emit({ type: 'offer', offer: offerOf((what) => done.push(what), error) })
    bus.close()
    await following
    assert.deepEqual(done, [expected, expected])
    const accepted = expected !== 'refuse'
    assert.deepEqual(events[1], { event: 'file-offered', peer: PEER, name: 'a.txt', size: 100, accepted })
  }
})

test('what does not concern a command is neither told, nor taken, nor decided', async () => {
  const done: string[] = []
  const heard: string[] = []
  const { bus, log, following, arrive, untaken } = begin({
    concerns: (event) => partnerOf(event) === OWN,
    onEvent: ({ type }) => void heard.push(type),
  })
  arrive(1)
  bus.emit({ type: 'offer', offer: offerOf((what) => done.push(what)) })
  bus.emit({ type: 'forked', address: OWN })
  bus.close()
  await following
  assert.deepEqual([log, heard, done, untaken.length], [['notice'], ['forked'], [], 1])
})

test('void keys end it, with their error', async () => {
  const { bus, events, following } = begin({ concerns: () => false })
  bus.emit({ type: 'superseded', error: new PeerError('ERR_PEER_SUPERSEDED') })
  await assert.rejects(following, { code: 'ERR_PEER_SUPERSEDED' })
  assert.deepEqual(events, [])
})

test('the signal ends it, without an error', async () => {
  const { bus, over, following, log } = begin()
  over.abort()
  bus.emit({ type: 'forked', address: PEER })
  await following
  assert.deepEqual(log, [])
})

test('while nobody reads, nothing more is told, nor is what was told taken; who reads again is told what was left out, and every message', async () => {
  const { bus, log, events, following, pause, arrive } = begin()
  const resume = pause()
  arrive(1)
  await settle()
  assert.deepEqual(log, ['message'])
  for (let done = 0; done < EVENTS_WAITING_MAX + 10; done++)
    bus.emit({ type: 'delivery', message: messageOf(done, 'hello', { direction: 'out', state: 'sent' }) })
  for (const id of [2, 3]) arrive(id)
  bus.emit({ type: 'forked', address: PEER })
  await settle()
  assert.deepEqual(log, ['message'])
  resume(true)
  while (log.at(-1) !== 'notice') await settle()
  bus.close()
  await following
  const left = 12
  const told = events.map(({ event }) => event)
  assert.equal(told.filter((name) => name === 'delivery').length, EVENTS_WAITING_MAX + 10 - left)
  assert.partialDeepStrictEqual(events[1], { about: 'missed', message: `${left}` })
  assert.deepEqual(log.slice(0, 3), ['message', 'take 1', 'notice'])
  assert.deepEqual(log.slice(-5), ['message', 'take 2', 'message', 'take 3', 'notice'])
})

test('what nobody has read when the command ends is not taken, and no file is decided on', async () => {
  const done: string[] = []
  for (const goesOn of [false, true]) {
    const { bus, log, over, following, pause, arrive } = begin()
    const resume = pause()
    arrive(1)
    bus.emit({ type: 'offer', offer: offerOf((what) => done.push(what)) })
    await settle()
    if (goesOn) resume(true)
    else {
      over.abort()
      resume(false)
    }
    bus.close()
    await following
    assert.deepEqual([log.includes('take 1'), done.length > 0], [goesOn, goesOn])
  }
})

test('whom something happened with', () => {
  const message = messageOf(1, 'hello')
  for (const event of [
    { type: 'connected', remote: remoteOf() },
    { type: 'disconnected', remote: remoteOf(), reason: 'left', error: null },
    { type: 'request', request: requestOf(1), waiting: 1 },
    { type: 'message', message },
    { type: 'delivery', message },
    { type: 'offer', offer: offerOf(() => {}) },
    { type: 'file', transfer: transferOf(1) },
    { type: 'in-mailboxes', address: PEER, mailboxes: [OWN], messages: 1 },
    { type: 'changed', address: PEER, change: 'updated' },
    { type: 'forked', address: PEER },
    { type: 'held', address: PEER, here: false, code: 'ERR_MESSAGE_DAY', wait: 1 },
    { type: 'limited', address: PEER, code: 'ERR_MESSAGE_DAY', wait: 1 },
  ] as const)
    assert.equal(partnerOf(event), PEER, event.type)
  for (const event of [
    { type: 'mailbox-failed', address: PEER, error: null },
    { type: 'unconfirmed', reason: '' },
    { type: 'network', ...NETWORK },
  ] as const)
    assert.equal(partnerOf(event), null, event.type)
})
