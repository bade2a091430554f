import { FileError } from '../../../src/core/errors.ts'
import { PEER, transferOf } from '../chat/happenings.ts'
import type { Row } from './reporter-rows.ts'

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
