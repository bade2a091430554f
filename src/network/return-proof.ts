import { randomBytes } from 'node:crypto'
import { performance } from 'node:perf_hooks'
import type { Address } from 'hyperdht'
import type { Socket } from 'udx-native'
import { createPace } from '../core/pace.ts'
import { sourceNetworkOf } from '../directory/ip-networks.ts'
import {
  PROOF_ANSWERS_MAX,
  PROOF_MS,
  PROOF_NETWORK_RATE,
  PROOF_NETWORKS_MAX,
  PROOF_RATE,
  PROOFS_MAX,
} from '../directory/limits.ts'

/**
 * Asks an address whether it receives what is sent to it, before it gets a large answer: HyperDHT's own clients show no token when they
 * read. It is a ping of dht-rpc, which each of them answers, with a number that nobody can know who does not receive it. One that is
 * guessed, once in 65,536 datagrams, is worth less than what the guesses cost.
 *
 * A node answers such a ping also when it asked for nothing: somebody else wrote its address on the request. So a network gets only so many
 * of these answers in a time, whoever asks for them.
 */
export type ReturnProof = {
  /** Calls `answer` once the address has answered; never when it does not, when too many are being asked, or its network was sent too much. */
  ask(to: Address, socket: Socket, answer: () => void): void
  /** Whether a datagram was the answer to such a question. */
  take(message: Uint8Array, from: Address): boolean
  destroy(): void
}

const REQUEST = 0x03
const REPLY = 0x13
const INTERNAL = 4
const COMMAND_PING = 0
const NUMBER_AT = 2
const HEAD_BYTES = 10

type Waiting = { readonly number: Buffer; readonly answers: (() => void)[]; readonly timer: NodeJS.Timeout }

const ping = (number: Uint8Array, { host, port }: Address): Uint8Array =>
  Uint8Array.of(REQUEST, INTERNAL, ...number, ...host.split('.').map(Number), port & 255, port >> 8, COMMAND_PING)

/** @param exempt addresses that may have any number of answers: those of this machine */
export const createReturnProof = (exempt: (host: string) => boolean): ReturnProof => {
  const waiting = new Map<string, Waiting>()
  const pace = createPace({ each: PROOF_NETWORK_RATE, all: PROOF_RATE, remembered: PROOF_NETWORKS_MAX })
  const isTooMany = (host: string): boolean =>
    !exempt(host) && !pace.take(sourceNetworkOf(host), Math.floor(performance.now()))
  const nameOf = ({ host, port }: Address): string => `${host}:${port}`

  return {
    ask: (to, socket, answer) => {
      if (isTooMany(to.host)) return
      const name = nameOf(to)
      const known = waiting.get(name)
      if (known !== undefined) {
        if (known.answers.length < PROOF_ANSWERS_MAX) known.answers.push(answer)
        return
      }
      if (waiting.size >= PROOFS_MAX) return
      const number = randomBytes(2)
      const timer = setTimeout(() => waiting.delete(name), PROOF_MS).unref()
      waiting.set(name, { number, answers: [answer], timer })
      socket.trySend(ping(number, to), to.port, to.host)
    },
    take: (message, from) => {
      if (message.length < HEAD_BYTES || message[0] !== REPLY) return false
      const known = waiting.get(nameOf(from))
      if (known === undefined || !known.number.equals(message.subarray(NUMBER_AT, NUMBER_AT + 2))) return false
      clearTimeout(known.timer)
      waiting.delete(nameOf(from))
      for (const answer of known.answers) answer()
      return true
    },
    destroy: () => {
      for (const { timer } of waiting.values()) clearTimeout(timer)
      waiting.clear()
    },
  }
}
