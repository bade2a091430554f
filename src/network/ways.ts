import type HyperDHT from 'hyperdht'
import type { SecretStream } from 'hyperdht'
import { selectiveHandshake } from './selective-handshake.ts'

/** How the bytes of a stream travel: from one side to the other, or through a relay that cannot read them. */
export type Way = 'direct' | 'relayed'

export type Ways = {
  /** Of a stream that is open. */
  of(stream: SecretStream): Way
}

/**
 * Knows the relays that a node is connected to. HyperDHT connects to them by itself, and without any options, as nothing of ours does: these
 * connections hear of no further relay, and their failures end no process. To be called in the tick that made the node.
 */
export const watchWays = (dht: HyperDHT): Ways => {
  const relays = new Set<SecretStream>()
  const connect = dht.connect.bind(dht)
  dht.connect = (key, options) => {
    if (options !== undefined) return connect(key, options)
    const relay = connect(key, { createHandshake: selectiveHandshake() })
    relays.add(relay)
    relay.on('error', () => undefined)
    relay.once('close', () => relays.delete(relay))
    return relay
  }
  return {
    of: ({ rawStream }) => {
      const isRelay = ({ rawStream: relay }: SecretStream): boolean =>
        relay?.remoteHost === rawStream?.remoteHost && relay?.remotePort === rawStream?.remotePort
      return rawStream !== null && [...relays].some(isRelay) ? 'relayed' : 'direct'
    },
  }
}
