import { performance } from 'node:perf_hooks'
import BlindRelay from 'blind-relay'
import type { SecretStream } from 'hyperdht'
import {
  RELAY_GUEST_WAITING_MAX,
  RELAY_GUESTS_MAX,
  RELAY_LOOK_MS,
  RELAY_NETWORK_GUESTS_MAX,
  RELAY_WAITING_MAX,
} from '../core/limits/relay-limits.ts'
import { sourceNetworkOf } from '../directory/ip-networks.ts'
import { BoundedMap, BoundedSet } from './bounded.ts'
import type { DhtNode } from './node.ts'
import { createRelayLinks, createTally } from './relay-links.ts'
import { createRelayMeter } from './relay-meter.ts'
import { selectiveHandshake } from './selective-handshake.ts'

/**
 * A blind relay: forwards the datagrams of two sides that cannot reach each other, whose stream is encrypted from one to the other. Both name the same
 * random token, which one of them sent the other in that stream's handshake, so nobody else can come between, and the relay reads nothing.
 */
export type Relay = {
  /** 32 B: the transport key that others name it by */
  readonly publicKey: Uint8Array
  readonly counts: RelayCounts
  /** Ends all links; idempotent. */
  close(): Promise<void>
}

export type RelayCounts = {
  /** connections that are forwarded now */
  readonly links: number
  /** bytes forwarded since the start */
  readonly bytes: number
  /** guests and links that were refused or ended, since they were more than their network may have */
  readonly refused: number
}

/** @param now milliseconds of a clock that is never set */
export const openRelay = async (node: DhtNode, now = (): number => performance.now()): Promise<Relay> => {
  const { dht } = node
  const guests = createTally()
  const meter = createRelayMeter(now)
  const links = createRelayLinks(meter)
  let refused = 0

  const server = new BlindRelay.Server({ createStream: (options) => dht.createRawStream({ ...options, framed: true }) })
  server._pairing = new BoundedMap(RELAY_WAITING_MAX)

  const welcome = (stream: SecretStream): void => {
    stream.on('error', () => undefined)
    const network = sourceNetworkOf(stream.rawStream?.remoteHost ?? '')
    guests.add(network, 1)
    stream.once('close', () => guests.add(network, -1))
    const session = server.accept(stream, { id: stream.remotePublicKey })
    session.on('error', () => undefined)
    session._pairing = new BoundedSet(RELAY_GUEST_WAITING_MAX, () => {
      refused += 1
      queueMicrotask(() => stream.destroy())
    })
    session.on('pair', (_, token, end) => {
      if (!links.add(Buffer.from(token).toString('hex'), end, network)) refused += 1
    })
  }

  const admits = (host: string): boolean => {
    const network = sourceNetworkOf(host)
    const hasRoom = guests.total < RELAY_GUESTS_MAX && guests.of(network) < RELAY_NETWORK_GUESTS_MAX
    const isIn = hasRoom && meter.allows(network)
    if (!isIn) refused += 1
    return isIn
  }

  const listener = dht.createServer(
    {
      ...{ createHandshake: selectiveHandshake(), shareLocalAddress: node.guard === null },
      firewall: (_key, _payload, { host }) => !admits(host),
    },
    welcome,
  )
  await listener.listen(dht.defaultKeyPair)
  const look = (): void => {
    refused += links.look()
  }
  const timer = setInterval(look, RELAY_LOOK_MS).unref()
  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => {
    clearInterval(timer)
    links.close()
    await listener.close()
  }
  return {
    publicKey: new Uint8Array(dht.defaultKeyPair.publicKey),
    get counts() {
      return { links: links.size, bytes: links.bytes, refused }
    },
    close: () => {
      closing ??= close()
      return closing
    },
  }
}
