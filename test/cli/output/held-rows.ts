import { FileError } from '../../../src/core/errors.ts'
import { PEER, transferOf } from '../chat/happenings.ts'
import { type Row, SHORT } from './reporter-rows.ts'

/** What waits and goes on by itself, as the reporter tells it. */
export const HELD_FILE_ROWS: readonly Row[] = (['offered', 'waiting'] as const).map((state) => [
  { type: 'file', transfer: transferOf(1, { state, done: 50, reason: 'ERR_FILE_FULL' }) },
  [
    {
      ...{ event: 'file-held', peer: PEER, direction: 'out', name: 'a.txt', size: 100, done: 50 },
      ...{ code: 'ERR_FILE_FULL', message: new FileError('ERR_FILE_FULL').message },
    },
  ],
  [/^\* a.txt waits for the other side: .* \[ERR_FILE_FULL\]$/],
])

const held = (here: boolean, code: 'ERR_STORE_FULL' | null, seen: RegExp): Row => [
  { type: 'held', address: PEER, here, code },
  [{ event: 'held', peer: PEER, here, code }],
  [seen],
]

export const HELD_ROWS: readonly Row[] = [
  held(true, 'ERR_STORE_FULL', new RegExp(`^\\* what ${SHORT} says waits: .* \\[ERR_STORE_FULL\\]$`)),
  held(true, null, new RegExp(`^\\* what ${SHORT} says goes on$`)),
  held(
    false,
    'ERR_STORE_FULL',
    new RegExp(`^\\* what you say to ${SHORT} waits for the other side: .* \\[ERR_STORE_FULL\\]$`),
  ),
  held(false, null, new RegExp(`^\\* what you say to ${SHORT} goes on$`)),
]
