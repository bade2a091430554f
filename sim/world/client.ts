/** Asks nodes with bare datagrams, for those who inspect them and those who attack them: none of Handfast's own code is in between. */

import type { VirtualClock } from './clock.ts'
import { type Address, type Network, nameOf } from './network.ts'
import { askDirectory, decodeReply, encodeRequest, type WireReply } from './wire.ts'

export type Client = {
  readonly address: Address
  /** One question, repeated when no answer comes; null when none came at all. */
  ask(to: Address, command: number, message: Uint8Array, options?: AskOptions): Promise<WireReply | null>
  /** The answer to a request that needs the round-trip token: a first question fetches it, and it is kept while it lasts. */
  askWithToken(
    to: Address,
    command: number,
    message: Uint8Array,
    target: Uint8Array | null,
    options?: Pick<AskOptions, 'tries'>,
  ): Promise<WireReply | null>
  close(): void
}

type AskOptions = { readonly target?: Uint8Array | null; readonly token?: Uint8Array | null; readonly tries?: number }

const WAIT_MS = 1_000
const TRIES = 4
/** Tokens hold for 7.5 s at least. */
const TOKEN_MS = 6_000
const GET = 0

export const createClient = (clock: VirtualClock, network: Network, address: Address): Client => {
  const waiting = new Map<number, { from: string; resolve: (reply: WireReply) => void }>()
  const tokens = new Map<string, { token: Uint8Array; until: number }>()
  let tid = 0

  network.bind(address, (data, from) => {
    const reply = decodeReply(data)
    const asked = reply === null ? undefined : waiting.get(reply.tid)
    if (reply !== null && asked?.from === nameOf(from)) asked.resolve(reply)
  })

  const once = (to: Address, request: Parameters<typeof encodeRequest>[0]): Promise<WireReply | null> => {
    const { promise, resolve } = Promise.withResolvers<WireReply | null>()
    const timer = clock.after(WAIT_MS, () => resolve(null))
    waiting.set(request.tid, { from: nameOf(to), resolve })
    network.send({ from: address, to, data: encodeRequest(request) })
    return promise.finally(() => {
      clock.cancel(timer)
      waiting.delete(request.tid)
    })
  }

  const ask: Client['ask'] = async (to, command, message, { target, token = null, tries = TRIES } = {}) => {
    for (let attempt = 0; attempt < tries; attempt++) {
      tid = (tid + 1) & 0xffff
      const reply = await once(to, { tid, to, token, target: target ?? null, ...askDirectory(command, message) })
      if (reply !== null) return reply
    }
    return null
  }

  const tokenFor = async (to: Address, tries: number): Promise<Uint8Array | null> => {
    const known = tokens.get(nameOf(to))
    if (known !== undefined && known.until > clock.now()) return known.token
    const reply = await ask(to, GET, QUESTION_FOR_TOKEN, { tries })
    if (!reply?.token) return null
    tokens.set(nameOf(to), { token: reply.token, until: clock.now() + TOKEN_MS })
    return reply.token
  }

  return {
    address,
    ask,
    askWithToken: async (to, command, message, target, { tries = TRIES } = {}) => {
      const token = await tokenFor(to, tries)
      return token === null ? null : ask(to, command, message, { target, token, tries })
    },
    close: () => network.unbind(address),
  }
}

/** GET of an identity nobody has: { id: 32 zero bytes, from: 0 }. */
const QUESTION_FOR_TOKEN = Buffer.concat([
  Buffer.from('a2626964', 'hex'),
  Buffer.from('5820', 'hex'),
  Buffer.alloc(32),
  Buffer.from('6466726f6d00', 'hex'),
])
