import type { CliEvent } from './cli-events.ts'

/** How well an address can be found, from what the nodes at its three places said. */
export const describePublication = ({ replicas, weak, crowded }: CliEvent<'listening' | 'published'>): string => {
  const places = replicas.map(({ accepted, asked }) => `${accepted} of ${asked}`).join(', ')
  return [
    `accepted by ${places} nodes`,
    ...(weak ? ['weak: too few of them, so others may not find this address'] : []),
    ...(crowded ? ['crowded: somebody may stand around this address, so more nodes were asked'] : []),
  ].join('; ')
}
