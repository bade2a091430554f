import type { Card, SignedCard } from '../core/card.ts'
import { KeyLogError, PeerError } from '../core/errors.ts'
import type { Floor } from '../core/floor.ts'
import type { KeyLog } from '../core/key-log.ts'
import type { World } from '../core/world.ts'
import type { Lookup } from '../directory/client/lookup.ts'
import type { DialStep } from '../network/dialling.ts'
import type { Hints } from '../network/first-opened.ts'
import type { Transport } from '../network/transport.ts'
import { type Channel, openChannel } from './channel.ts'
import { type Caller, initiateLive, type Met, type Purpose } from './live-handshake.ts'

/** From what the directory said of an identity to a session with its owner. */

/** What a dialer asks of whoever remembers what was accepted before. */
export type TrustPort = {
  floor(id: Uint8Array): Floor | null
  /** @throws KeyLogError ERR_ROLLBACK, ERR_LOG_FORK; StoreError */
  accept(log: KeyLog, card: SignedCard<Card> | null, asked: boolean): void
}

export type Dialer = {
  readonly transport: Transport
  readonly trustStore: TrustPort
  readonly world: World
}

export type DialOptions = {
  /** as whom we call */
  readonly identity: Caller
  /** Who comes to a mailbox is nobody: neither under our transport key. Default: to talk. */
  readonly purpose?: Purpose | undefined
  /** Told what is done when the first try is not enough. */
  readonly onStep?: ((step: DialStep) => void) | undefined
  readonly signal?: AbortSignal | undefined
  /** Where it may be beside where the directory leads. Whoever is there proves who it is like any other. */
  readonly nearby?: Hints | undefined
}

/**
 * Connects to the owner of `found`, who proves to be it; when anything fails, also in `begin`, the other side is told and the stream ended.
 * @throws KeyLogError ERR_LOG_FORK; PeerError ERR_PEER_RETIRED, ERR_PEER_NO_CARD; ConnectionError ERR_CONNECT, _NATS, _RELAY; those of `dial`
 */
export const dial = async <T>(
  { transport, trustStore, world }: Dialer,
  { log: known, card, fork }: Pick<Lookup, 'log' | 'card' | 'fork'>,
  { identity, purpose = 'talk', onStep, signal, nearby }: DialOptions,
  begin: (channel: Channel, met: Met) => T,
): Promise<T> => {
  if (fork !== null) throw new KeyLogError('ERR_LOG_FORK')
  if (known.last.entry.status === 'retired') throw new PeerError('ERR_PEER_RETIRED')
  if (card === null) throw new PeerError('ERR_PEER_NO_CARD')
  const { transport: key, relays } = card.card
  const anonymous = purpose === 'mailbox'
  const stream = await transport.connect(key, { signal, anonymous, nearby, relays, onStep })
  const channel = openChannel(stream)
  const abort = (): void => stream.destroy()
  signal?.addEventListener('abort', abort, { once: true })
  if (signal?.aborted) abort()
  try {
    const met = await initiateLive(channel, { identity, known, floor: trustStore.floor(known.id), world, purpose })
    trustStore.accept(met.log, null, true)
    return begin(channel, met)
  } catch (error) {
    await channel.refuse(error)
    throw error
  } finally {
    signal?.removeEventListener('abort', abort)
  }
}
