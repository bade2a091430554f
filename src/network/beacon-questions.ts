import { BEACON_NONCE_BYTES, decodeBeacon, type Endpoint, encodeQuestion, isAnswerFrom } from '../core/beacon.ts'
import { hex, type RandomBytes } from '../core/bytes.ts'
import type { SecretKey } from '../core/kdf.ts'
import { BEACON_FOUND_MAX } from '../core/limits/beacon-limits.ts'
import type { NodeAddress } from '../directory/network-port.ts'

/** Which answers are believed (docs/spec/lan.md §4): those to a question that is open. */
export type Questions = {
  /** A question with a nonce of its own, to be sent from there. */
  ask(from: Endpoint): Uint8Array
  /**
   * @param host that sent it @param isNear whether an address is in the network that was asked: nobody sends us beyond it
   * @returns where the DHT node of who is asked for is; null when it is no answer, or one too many
   */
  hear(bytes: Uint8Array, host: string, isNear: (host: string) => boolean): NodeAddress | null
}

/** Nonces of one asking: those of the last interfaces that came, when they come and go all the time. */
const NONCES_MAX = 256

/** @param key of the id that is asked for */
export const createQuestions = (key: SecretKey, random: RandomBytes): Questions => {
  const open = new Set<string>()
  const found = new Set<string>()

  return {
    ask: (from) => {
      const nonce = random(BEACON_NONCE_BYTES)
      const [oldest] = open
      if (open.size >= NONCES_MAX && oldest !== undefined) open.delete(oldest)
      open.add(hex(nonce))
      return encodeQuestion(key, nonce, from)
    },
    hear: (bytes, host, isNear) => {
      if (!isNear(host)) return null
      const datagram = decodeBeacon(bytes)
      // Without an open question no hash is computed.
      if (datagram === null || datagram.port === 0 || !open.has(hex(datagram.nonce))) return null
      const name = `${host}:${datagram.port}`
      if (found.has(name) || found.size >= BEACON_FOUND_MAX || !isAnswerFrom(key, datagram, host)) return null
      found.add(name)
      return { host, port: datagram.port }
    },
  }
}
