import type { Wording } from './cli-events.ts'
import { explain } from './failure.ts'
import { duration, shortAddress } from './format.ts'

/** How it reads to people that messages wait for room. */
export const heldWording: Pick<Wording, 'held'> = {
  held: ({ peer, here, code, wait }) => {
    const whose = here ? `what ${shortAddress(peer)} says` : `what you say to ${shortAddress(peer)}`
    if (code === null) return [`* ${whose} goes on`]
    const howLong = wait === null ? '' : `, for ${duration(wait)}`
    return [`* ${whose} waits${here ? '' : ' for the other side'}${howLong}: ${explain(code)}`]
  },
}
