import type { PeerEvent } from '../../peer/peer-events.ts'
import type { CliEvent } from './cli-events.ts'

type State = Omit<Extract<PeerEvent, { readonly type: 'network' }>, 'type'>

/** How a peer is in its network. */
export const networkEvent = ({ state, since, nodes, nat, address, entrance }: State): CliEvent<'network'> => {
  const seen = address === null ? null : address.port === 0 ? address.host : `${address.host}:${address.port}`
  return { event: 'network', state, since: Math.floor(since / 1000), nodes, nat, address: seen, entrance }
}
