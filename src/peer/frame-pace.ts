import { STRANGER_FRAMES, STRANGERS_FRAMES } from '../core/limits/stranger-rates.ts'
import { createMeter } from '../core/meter.ts'
import type { World } from '../core/world.ts'

/**
 * How fast the connections of those who are no contacts are read: whatever is said on them costs work, and contacts wait meanwhile.
 * @returns told of each frame that came of a peer; the milliseconds until its next one is looked at
 */
export const createFramePace = (
  { clock }: Pick<World, 'clock'>,
  isContact: (peer: Uint8Array) => boolean,
): ((peer: Uint8Array) => number) => {
  const meter = createMeter({ each: STRANGER_FRAMES, all: STRANGERS_FRAMES })
  return (peer) => {
    if (isContact(peer)) return 0
    const now = clock()
    meter.take(peer, 0, now)
    return meter.wait(peer, 0, now)
  }
}
