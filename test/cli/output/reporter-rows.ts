import type { CliEvent } from '../../../src/cli/output/cli-events.ts'
import type { PeerEvent } from '../../../src/peer/peer-events.ts'
import { NOW } from '../../core/identities.ts'
import { HASH, messageOf, OWN, PEER, unknownOf } from '../chat/happenings.ts'

/** An event, what is told of it to programs, and what a person sees. */
export type Row = readonly [event: PeerEvent, told: readonly CliEvent[], seen: readonly (string | RegExp)[]]

/** A clock that is off. */
export const CLOCK_ROWS: readonly Row[] = [
  [
    { type: 'clock', ahead: 3 * 86_400, networks: 4, off: true },
    [{ event: 'clock', here: NOW, there: NOW - 3 * 86_400, networks: 4 }],
    [
      '! handfast: the clock of this computer is 3 days ahead: it says 2026-01-01 00:00 UTC, and 4 networks of nodes 2025-12-29 00:00 UTC.',
      /^! hint: set it/,
    ],
  ],
  [
    { type: 'clock', ahead: -2 * 3600, networks: 1, off: true },
    [{ event: 'clock', here: NOW, there: NOW + 2 * 3600, networks: 1 }],
    [/ is 2 hours behind: it says 2026-01-01 00:00 UTC, and 1 network of nodes 2026-01-01 02:00 UTC\.$/, /^! hint/],
  ],
]

/** The address of the other side as people see it in a line. */
export const SHORT = 'hf1kh9wk63pe…9zse'

/** What others say. */
export const MESSAGE_ROWS: readonly Row[] = [
  [
    { type: 'message', message: messageOf(1, 'hello') },
    [{ event: 'message', peer: PEER, hash: HASH, text: 'hello' }],
    [`${SHORT}: hello`],
  ],
  [
    { type: 'message', message: messageOf(1, Uint8Array.of(1, 2, 255)) },
    [{ event: 'data', peer: PEER, hash: HASH, size: 3, base64: 'AQL/' }],
    [`* ${SHORT} sent 3 bytes of data`],
  ],
  [
    { type: 'message', message: unknownOf(1, 'read') },
    [{ event: 'unknown', peer: PEER, hash: HASH, kind: 'read' }],
    [/needs a newer version/],
  ],
]

const asks = {
  ...{ id: 7, address: PEER, safetyNumber: '12345', since: NOW * 1000, connected: true, messages: 0 },
  trust: { identity: 'unknown', freshness: 'stale', reason: 'a test' },
} as const
const { address: _, ...asked } = asks
const told = { event: 'request', ...asked, peer: PEER, since: NOW } as const

const requestRow = (waiting: number, seen: Row[2]): Row => [
  { type: 'request', request: asks, waiting },
  [{ ...told, waiting }],
  seen,
]

/** A stranger asks: the first few are shown whole, some on a line, and of a crowd how many there are. */
export const REQUEST_ROWS: readonly Row[] = [
  requestRow(3, [
    '* [7] somebody asks to be let in:',
    `  ${PEER}`,
    /^\* nobody has vouched/,
    /not certain: a test$/,
    '* safety number:',
    '  12345',
    '* /accept 7 NAME lets it in, /refuse 7 deletes what it left',
  ]),
  ...[4, 9].map((waiting) => requestRow(waiting, [`* [7] ${SHORT} asks to be let in: /requests 7`])),
  ...[10, 20, 640].map((waiting) =>
    requestRow(waiting, [`* ${waiting} wait to be let in, and more are only counted: /requests`]),
  ),
  ...[11, 19, 21, 100, 1200].map((waiting) => requestRow(waiting, [])),
]

/** Copies of a data folder, and folders that went back, or lost a file. */
export const COPY_ROWS = {
  'mailbox-lost': [
    [
      { type: 'mailbox-lost' },
      [{ event: 'notice', about: 'mailbox-lost', address: OWN, code: null, message: '' }],
      [/^! handfast: .*mailbox\.db/, /^! hint: /],
    ],
  ],
  'rolled-back': [
    [
      { type: 'rolled-back', since: 1_767_225_600 },
      [{ event: 'notice', about: 'rolled-back', address: OWN, code: null, message: '2026-01-01T00:00:00.000Z' }],
      [/^! handfast: this data folder is an earlier state of itself: .* 2026-01-01T00:00:00.000Z/, /^! hint: /],
    ],
  ],
  copied: [
    [
      { type: 'copied', since: 1_767_225_600 },
      [{ event: 'notice', about: 'copied', address: OWN, code: null, message: '2026-01-01T00:00:00.000Z' }],
      [/^! handfast: another copy of this data folder was in use/, /^! hint: .*handfast renew$/],
    ],
  ],
  'peer-twin': [
    [
      { type: 'peer-twin', address: PEER },
      [{ event: 'notice', about: 'peer-twin', address: PEER, code: null, message: '' }],
      [
        `! handfast: ${SHORT} seems to run twice, or somebody copied its keys: two data folders of it take turns.`,
        /^! hint: /,
      ],
    ],
  ],
} as const satisfies Readonly<Record<string, readonly Row[]>>

/** What went to keys that were taken back. */
export const EXPOSED_ROWS: readonly Row[] = [
  [
    { type: 'exposed', address: PEER, messages: 3, files: 1, received: 2, receivedFiles: 1, again: 2 },
    [{ event: 'exposed', peer: PEER, messages: 3, files: 1, received: 2, receivedFiles: 1, again: 2 }],
    [
      /^\* hf1kh9wk63pe…9zse took back keys .*: others may have read 3 messages and 1 file that you sent to them, and others may have made 2 messages and 1 file that came from them$/,
      '* 2 of these are sent again, to the new keys',
    ],
  ],
  [
    { type: 'exposed', address: PEER, messages: 0, files: 0, received: 1, receivedFiles: 0, again: 0 },
    [{ event: 'exposed', peer: PEER, messages: 0, files: 0, received: 1, receivedFiles: 0, again: 0 }],
    [/: others may have made 1 message that came from them$/],
  ],
]

export const MISSED_ROWS: readonly Row[] = [
  [
    { type: 'missed', events: 12 },
    [{ event: 'notice', about: 'missed', address: OWN, code: null, message: '12' }],
    [/^! handfast: more happened .*: 12 events\.$/, /^! hint: handfast messages and handfast files/],
  ],
]

const [MUCH, NOTHING] = [
  { address: PEER, messages: 1, files: 2 },
  { address: PEER, messages: 0, files: 0 },
]

/** What is told of somebody who was blocked, and of one who is not any more. */
export const BLOCK_ROWS: Readonly<Record<'blocked' | 'unblocked', readonly Row[]>> = {
  blocked: [
    [
      { type: 'blocked', ...MUCH },
      [{ event: 'blocked', ...MUCH }],
      [/^blocked {4}hf1/, /^kept {7}1 message and 2 files, not sent before handfast contacts --unblock hf1/],
    ],
    [{ type: 'blocked', ...NOTHING }, [{ event: 'blocked', ...NOTHING }], [/^blocked {4}hf1/]],
  ],
  unblocked: [
    [
      { type: 'unblocked', ...MUCH },
      [{ event: 'unblocked', ...MUCH }],
      [/^unblocked {2}hf1/, /^waiting {4}1 message and 2 files, to be sent again/],
    ],
    [{ type: 'unblocked', ...NOTHING }, [{ event: 'unblocked', ...NOTHING }], [/^unblocked {2}hf1/]],
  ],
}

/** What is told of a folder that went back. */
export const WENT_BACK_ROWS: readonly Row[] = [
  [
    { type: 'peer-went-back', address: PEER, again: 3, gone: 0 },
    [{ event: 'peer-went-back', peer: PEER, again: 3, gone: 0 }],
    [
      /^! handfast: the data folder of hf1kh9wk63pe…9zse is older than what it had confirmed: 3 messages are sent again$/,
    ],
  ],
  [
    { type: 'peer-went-back', address: PEER, again: 1, gone: 2 },
    [{ event: 'peer-went-back', peer: PEER, again: 1, gone: 2 }],
    [/: 1 message is sent again, 2 messages are gone with it$/, new RegExp(`handfast resend ${PEER}$`)],
  ],
]
