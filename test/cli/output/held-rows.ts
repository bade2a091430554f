import { errorOf } from '../../../src/core/error-of.ts'
import { PEER, transferOf } from '../chat/happenings.ts'
import { type Row, SHORT } from './reporter-rows.ts'

/** What waits and goes on by itself, as the reporter tells it. */
export const HELD_FILE_ROWS: readonly Row[] = (
  [
    ['offered', 'ERR_FILE_FULL'],
    ['waiting', 'ERR_FILE_FULL'],
    ['offered', 'ERR_FILE_DAY'],
    ['offered', 'ERR_FILE_TOTAL'],
  ] as const
).map(([state, code]) => [
  { type: 'file', transfer: transferOf(1, { state, done: 50, reason: code }) },
  [
    {
      ...{ event: 'file-held', peer: PEER, direction: 'out', name: 'a.txt', size: 100, done: 50 },
      ...{ code, message: errorOf(code).message },
    },
  ],
  [new RegExp(`^\\* a.txt waits for the other side: .* \\[${code}\\]$`)],
])

type Code = 'ERR_STORE_FULL' | 'ERR_MESSAGE_DAY' | 'ERR_MESSAGE_TOTAL' | null

const held = (here: boolean, code: Code, seen: RegExp, wait: number | null = null): Row => [
  { type: 'held', address: PEER, here, code, wait },
  [{ event: 'held', peer: PEER, here, code, wait }],
  [seen],
]

const YOURS = `^\\* what you say to ${SHORT}`

export const HELD_ROWS: readonly Row[] = [
  held(true, 'ERR_STORE_FULL', new RegExp(`^\\* what ${SHORT} says waits: .* \\[ERR_STORE_FULL\\]$`)),
  held(true, null, new RegExp(`^\\* what ${SHORT} says goes on$`)),
  held(false, 'ERR_STORE_FULL', new RegExp(`${YOURS} waits for the other side: .* \\[ERR_STORE_FULL\\]$`)),
  held(
    false,
    'ERR_MESSAGE_DAY',
    new RegExp(`${YOURS} waits for the other side, for 2 hours: .* \\[ERR_MESSAGE_DAY\\]$`),
    7200,
  ),
  held(false, 'ERR_MESSAGE_TOTAL', new RegExp(`${YOURS} waits for the other side: .* \\[ERR_MESSAGE_TOTAL\\]$`)),
  held(false, null, new RegExp(`${YOURS} goes on$`)),
]
