import type { Publication } from '../../directory/client/publish.ts'
import type { CliEvent } from './cli-events.ts'

/** How well an address can be found from now on. */
export const listeningEvent = (address: string, publication: Publication): CliEvent<'listening'> => {
  const { accepted, replicas, refusals, weak, crowded } = publication
  return { event: 'listening', address, accepted, replicas, refusals: Object.fromEntries(refusals), weak, crowded }
}
