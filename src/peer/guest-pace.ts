import { GUEST_FRAMES, GUEST_NETWORKS_MAX, GUEST_PAUSE_MS, GUESTS_FRAMES } from '../core/limits/mailbox-limits.ts'
import { createPace } from '../core/pace.ts'
import type { World } from '../core/world.ts'
import { slash24Of } from '../directory/ip-networks.ts'

/**
 * How fast guests of the mailbox are read: they come as nobody, so each network has a rate, and all of them together. Half of what all have is
 * for networks that asked for little lately (`core/pace.ts`), so that a few that never stop do not shut the others out.
 * @returns told of each frame that came from an IP address; the milliseconds until the next one of that connection is looked at
 */
export const createGuestPace = ({ clock }: Pick<World, 'clock'>): ((host: string) => number) => {
  const pace = createPace({ each: GUEST_FRAMES, all: GUESTS_FRAMES, remembered: GUEST_NETWORKS_MAX })
  return (host) => (pace.take(slash24Of(host), clock()) ? 0 : GUEST_PAUSE_MS)
}
