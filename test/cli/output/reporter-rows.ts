import type { CliEvent } from '../../../src/cli/output/cli-events.ts'
import type { PeerEvent } from '../../../src/peer/peer-events.ts'
import { NOW } from '../../core/identities.ts'

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
