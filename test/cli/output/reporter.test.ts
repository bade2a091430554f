import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CliEvent } from '../../../src/cli/output/cli-events.ts'
import { createPrinter } from '../../../src/cli/output/printer.ts'
import { createReporter } from '../../../src/cli/output/reporter.ts'
import { ConnectionError, MailboxError, PeerError, StoreError } from '../../../src/core/errors.ts'
import type { Publication } from '../../../src/directory/client/publish.ts'
import type { PeerEvent } from '../../../src/peer/peer-events.ts'
import { NOW } from '../../core/identities.ts'
import { HASH, messageOf, OWN, offerOf, PEER, remoteOf, transferOf } from '../chat/happenings.ts'
import { HELD_FILE_ROWS, HELD_ROWS } from './held-rows.ts'
import { LIMIT_ROWS } from './limit-rows.ts'
import { NETWORK_ROWS, WAY_ROWS } from './network-rows.ts'
import {
  BLOCK_ROWS,
  CLOCK_ROWS,
  COPY_ROWS,
  EXPOSED_ROWS,
  MESSAGE_ROWS,
  MISSED_ROWS,
  REQUEST_ROWS,
  type Row,
  SHORT,
  WENT_BACK_ROWS,
} from './reporter-rows.ts'

/** Each thing that can happen to a peer: what is told of it to programs, and what a person sees. */

const SEEN_MAX = 200

/** What a person sees: lines on stdout, and behind `!` those on stderr. */
const seen = (events: readonly CliEvent[]): readonly string[] => {
  const lines: string[] = []
  const screen = {
    raw: () => assert.fail('no JSON to people'),
    out: async (some: readonly string[]) => lines.push(...some) > 0,
    err: async (some: readonly string[]) => lines.push(...some.map((line) => `! ${line}`)) > 0,
  }
  const printer = createPrinter(screen, { json: false, debug: false })
  for (const event of events) void printer.emit(event)
  return lines
}

const place = { asked: 20, accepted: 20 }
const publication: Publication = {
  ...{ accepted: 20, replicas: [place, place, place], weak: false, crowded: false },
  refusals: new Map([['ERR_TIMEOUT', 1]]),
}

const remote = remoteOf({ direction: 'out' })
const { safetyNumber, address: _, ...known } = remote
const lost = new ConnectionError('ERR_CONNECTION_LOST')
const failed = { direction: 'out', state: 'failed', reason: 'ERR_MESSAGE_EXPIRED' } as const

const ROWS: Readonly<Record<PeerEvent['type'], readonly Row[]>> = {
  connected: [
    [
      { type: 'connected', remote },
      [
        { event: 'connected', peer: PEER, ...known },
        { event: 'safety-number', peer: PEER, safetyNumber },
      ],
      [`* connected to ${PEER}`, /^\* nobody has vouched/, /not certain: a test$/, /^\* safety number/, '  12345'],
    ],
    [
      { type: 'connected', remote: { ...remote, way: 'relayed' } },
      [
        { event: 'connected', peer: PEER, ...known, way: 'relayed' },
        { event: 'safety-number', peer: PEER, safetyNumber },
      ],
      [/, through a relay, which cannot read it$/, /^\* nobody has/, /not certain/, /^\* safety number/, '  12345'],
    ],
  ],
  ...WAY_ROWS,
  disconnected: [
    [
      { type: 'disconnected', remote, reason: 'left', error: null },
      [{ event: 'disconnected', peer: PEER, reason: 'left', code: null }],
      [`* ${SHORT} has left`],
    ],
    [
      { type: 'disconnected', remote, reason: 'closed', error: null },
      [{ event: 'disconnected', peer: PEER, reason: 'closed', code: null }],
      [`* the connection to ${SHORT} was not needed any more; what you say makes a new one`],
    ],
    [
      { type: 'disconnected', remote, reason: 'lost', error: lost },
      [{ event: 'disconnected', peer: PEER, reason: 'lost', code: 'ERR_CONNECTION_LOST' }],
      [`* ${SHORT} is gone without a goodbye [ERR_CONNECTION_LOST]`],
    ],
  ],
  message: MESSAGE_ROWS,
  delivery: [
    ...(['queued', 'sent', 'delivered', 'gone'] as const).map((state): Row => {
      const message = messageOf(7, 'hello', { direction: 'out', state })
      return [
        { type: 'delivery', message },
        [{ event: 'delivery', peer: PEER, id: 7, hash: HASH, state, code: null }],
        [],
      ]
    }),
    [
      { type: 'delivery', message: messageOf(7, 'hello', failed) },
      [{ event: 'delivery', peer: PEER, id: 7, hash: HASH, state: 'failed', code: 'ERR_MESSAGE_EXPIRED' }],
      [/^\* a message to hf1kh9wk63pe…9zse was not delivered: .* \[ERR_MESSAGE_EXPIRED\]$/],
    ],
  ],
  held: HELD_ROWS,
  'peer-went-back': WENT_BACK_ROWS,
  ...LIMIT_ROWS,
  'in-mailboxes': [
    [
      { type: 'in-mailboxes', address: PEER, mailboxes: [OWN], messages: 1 },
      [{ event: 'in-mailboxes', peer: PEER, mailboxes: [OWN], messages: 1 }],
      [/^\* hf1kh9wk63pe…9zse is not there: left in 1 mailbox /],
    ],
    [
      { type: 'in-mailboxes', address: PEER, mailboxes: [OWN], messages: 0 },
      [{ event: 'in-mailboxes', peer: PEER, mailboxes: [OWN], messages: 0 }],
      [],
    ],
  ],
  exposed: EXPOSED_ROWS,
  'mailbox-failed': [
    [
      { type: 'mailbox-failed', address: PEER, error: new MailboxError('ERR_MAILBOX_NONE') },
      [
        {
          event: 'notice',
          about: 'mailbox-failed',
          address: PEER,
          code: 'ERR_MAILBOX_NONE',
          message: new MailboxError('ERR_MAILBOX_NONE').message,
        },
      ],
      [
        /^! handfast: fetching from the mailbox hf1kh9wk63pe…9zse failed: .* \[ERR_MAILBOX_NONE\]$/,
        /^! hint: .* --remove$/,
      ],
    ],
  ],
  offer: [
    [
      { type: 'offer', offer: offerOf(() => {}) },
      [{ event: 'file-offered', peer: PEER, name: 'a.txt', size: 100, accepted: false }],
      [`* ${SHORT} offers a.txt (100 bytes)`, '* refused: start with --accept-files to take files'],
    ],
  ],
  file: [
    ...(['queued', 'offered', 'waiting', 'refused'] as const).map(
      (state): Row => [{ type: 'file', transfer: transferOf(1, { state }) }, [], []],
    ),
    ...HELD_FILE_ROWS,
    [{ type: 'file', transfer: transferOf(1, { done: 0 }) }, [], []],
    [
      { type: 'file', transfer: transferOf(1, { done: 50 }) },
      [{ event: 'file-resumed', peer: PEER, direction: 'out', name: 'a.txt', size: 100, done: 50 }],
      ['* going on sending a.txt after 50 bytes of 100 bytes'],
    ],
    [
      { type: 'file', transfer: transferOf(1, { state: 'saved', direction: 'in', path: '/received/a.txt' }) },
      [{ event: 'file-saved', peer: PEER, name: 'a.txt', size: 100, path: '/received/a.txt' }],
      [`* saved /received/a.txt (100 bytes) from ${SHORT}`],
    ],
    [
      { type: 'file', transfer: transferOf(1, { state: 'delivered' }) },
      [{ event: 'file-sent', peer: PEER, name: 'a.txt', size: 100, sha256: 'ab' }],
      [`* ${SHORT} has stored a.txt (100 bytes)`],
    ],
    // Its owner was told where it was given up; whoever waits for somebody else's is told here.
    [{ type: 'file', transfer: transferOf(1, { state: 'failed', reason: 'ERR_FILE_WITHDRAWN' }) }, [], []],
  ],
  changed: [
    [
      { type: 'changed', address: PEER, change: 'updated' },
      [{ event: 'changed', peer: PEER, change: 'updated' }],
      [/^\* hf1kh9wk63pe…9zse: its owner changed the keys of a device /],
    ],
    [{ type: 'changed', address: PEER, change: 'none' }, [], []],
  ],
  ...BLOCK_ROWS,
  forked: [
    [
      { type: 'forked', address: PEER },
      [{ event: 'notice', about: 'forked', address: PEER, code: null, message: '' }],
      [new RegExp(`^! handfast: two key logs of ${PEER} contradict`), /^! hint: handfast verify/],
    ],
  ],
  'not-published': [
    [
      { type: 'not-published', error: lost },
      [{ event: 'notice', about: 'not-published', address: OWN, code: 'ERR_CONNECTION_LOST', message: lost.message }],
      [/^! handfast: could not be published anew, .* \[ERR_CONNECTION_LOST\]$/],
    ],
  ],
  unconfirmed: [
    [
      { type: 'unconfirmed', reason: 'nobody shows it' },
      [{ event: 'notice', about: 'unconfirmed', address: OWN, code: null, message: 'nobody shows it' }],
      [/^! handfast: others may not find your latest keys/, /^! hint: .*: nobody shows it$/],
    ],
  ],
  ...COPY_ROWS,
  listening: [
    [
      { type: 'listening', publication },
      [
        {
          ...{ event: 'listening', address: OWN, accepted: 20, replicas: [place, place, place] },
          ...{ refusals: { ERR_TIMEOUT: 1 }, weak: false, crowded: false },
        },
      ],
      [`address    ${OWN}`, /^published {2}accepted by 20 of 20, 20 of 20, 20 of 20 nodes$/],
    ],
  ],
  missed: MISSED_ROWS,
  network: NETWORK_ROWS,
  clock: CLOCK_ROWS,
  request: REQUEST_ROWS,
  // The command ends with it, and says so.
  superseded: [[{ type: 'superseded', error: new PeerError('ERR_PEER_SUPERSEDED') }, [], []]],
  twin: [[{ type: 'twin', error: new StoreError('ERR_STORE_TWIN') }, [], []]],
  created: [[{ type: 'created', address: OWN }, [], []]],
}

for (const [type, rows] of Object.entries(ROWS))
  test(`${type}: what is told of it, and what a person sees`, () => {
    for (const [event, told, lines] of rows) {
      const events = createReporter({ own: OWN, clock: () => NOW * 1000 })(event)
      assert.deepEqual(events, told)
      const got = seen(events)
      assert.equal(got.length, lines.length, got.join('\n'))
      for (const [index, line] of lines.entries())
        if (typeof line === 'string') assert.equal(got[index], line)
        else assert.match(got[index] ?? '', line)
      for (const line of got) assert.ok(line.length < SEEN_MAX)
    }
  })
