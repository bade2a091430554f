import { orAbort } from '../core/abort.ts'
import { type Card, verifyLiveCard } from '../core/card.ts'
import { ConnectionError, HandfastError, StoreError } from '../core/errors.ts'
import type { Identity } from '../core/identity.ts'
import { seconds, type World } from '../core/world.ts'
import type { Transport } from '../network/transport.ts'
import { openChannel } from './channel.ts'
import { WIRE_VERSION } from './frames.ts'

/**
 * Asks whoever answers for a card of one's own device which store it is (docs/spec/store.md §6): as nobody, who goes after the live card.
 */

/** Somebody who holds this device's keys, and answered. */
export type Answered = {
  /** the incarnation of its store, 16 bytes */
  readonly inc: Uint8Array
  /** Tells it that it has a twin, which proves nothing to it, and ends. */
  tell(): Promise<void>
  end(): Promise<void>
}

/** Whether the other side said that it is our twin. Anybody can. */
export const saysTwin = (error: unknown): boolean =>
  error instanceof ConnectionError && error.cause instanceof HandfastError && error.cause.code === 'ERR_STORE_TWIN'

export type Asking = {
  readonly identity: Pick<Identity, 'log' | 'device'>
  readonly transport: Pick<Transport, 'connect'>
  readonly world: World
}

/**
 * @param card names the transport key to ask
 * @param milliseconds how long the live card is waited for
 * @returns null when nobody answers, or nobody who holds this device's keys
 */
export const askOwnCard = async (
  { identity: { log, device }, transport, world }: Asking,
  card: Pick<Card, 'transport'>,
  { signal, milliseconds }: { readonly signal: AbortSignal; readonly milliseconds: number },
): Promise<Answered | null> => {
  const stream = await transport.connect(card.transport, { signal, anonymous: true }).catch(() => null)
  if (stream === null) return null
  const channel = openChannel(stream)
  try {
    await orAbort(channel.send({ t: 'open', v: WIRE_VERSION, id: log.id, head: log.last.hash }), signal)
    const frame = await orAbort(channel.expect('card', milliseconds), signal)
    // A card of another log than ours does not verify: what it says, it says of other keys.
    const live = verifyLiveCard(frame.card, log, seconds(world), stream.handshakeHash)
    if (live.card.device !== device) throw new RangeError('another device')
    return {
      inc: live.card.inc,
      tell: () => channel.refuse(new StoreError('ERR_STORE_TWIN')),
      end: () => stream.close(),
    }
  } catch {
    stream.destroy()
    return null
  }
}
