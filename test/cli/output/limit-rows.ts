import { PEER } from '../chat/happenings.ts'
import type { Row } from './reporter-rows.ts'

/** Who sends more than is taken. */
export const LIMIT_ROWS = {
  strangers: [
    [
      { type: 'strangers', connections: 120 },
      [{ event: 'strangers', connections: 120 }],
      ['* 120 more connections of those who are no contacts'],
    ],
  ],
  limited: [
    [
      { type: 'limited', address: PEER, code: 'ERR_MESSAGE_RATE', wait: 16 },
      [{ event: 'limited', peer: PEER, code: 'ERR_MESSAGE_RATE', wait: 16 }],
      [/^! handfast: more comes from those who are no contacts /, /^! hint: .*handfast contacts hf1kh9wk63pe/],
    ],
    [
      { type: 'limited', address: PEER, code: 'ERR_MESSAGE_DAY', wait: 3600 },
      [{ event: 'limited', peer: PEER, code: 'ERR_MESSAGE_DAY', wait: 3600 }],
      [/^! handfast: hf1kh9wk63pe…9zse has sent as much as it may in a day/, /^! hint: .* --messages-a-day SIZE$/],
    ],
    [
      { type: 'limited', address: PEER, code: 'ERR_FILE_LIMIT', wait: 480 },
      [{ event: 'limited', peer: PEER, code: 'ERR_FILE_LIMIT', wait: 480 }],
      [/^! handfast: hf1kh9wk63pe…9zse has offered so many files that were refused/, / hf1kh9wk63pe\S+ --block$/],
    ],
    [
      { type: 'limited', address: PEER, code: 'ERR_MESSAGE_TOTAL', wait: null },
      [{ event: 'limited', peer: PEER, code: 'ERR_MESSAGE_TOTAL', wait: null }],
      [/^! handfast: as much is kept of hf1kh9wk63pe…9zse/, / --delete-before DATE$/, / --messages-in-all SIZE$/],
    ],
  ],
} as const satisfies Readonly<Record<string, readonly Row[]>>
