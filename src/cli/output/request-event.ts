import type { Request } from '../../peer/request.ts'
import type { CliEvent } from './cli-events.ts'

/** What is told of somebody who waits to be let in. */
export const requestFields = (request: Request): Omit<CliEvent<'waits'>, 'event'> => {
  const { id, address: peer, safetyNumber, trust, since, connected, messages } = request
  return { id, peer, safetyNumber, trust, since: Math.floor(since / 1000), connected, messages }
}
