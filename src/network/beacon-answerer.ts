import { BEACON_BYTES, decodeBeacon, type Endpoint, encodeAnswer, isQuestionFor } from '../core/beacon.ts'
import { hex } from '../core/bytes.ts'
import type { SecretKey } from '../core/kdf.ts'
import {
  BEACON_ANSWERS_ALL,
  BEACON_ANSWERS_SOURCE,
  BEACON_HEARD_ALL,
  BEACON_HEARD_SOURCE,
  BEACON_NONCES_MAX,
  BEACON_SOURCES_MAX,
} from '../core/limits/beacon-limits.ts'
import { createPace } from '../core/pace.ts'
import { createRecent } from '../core/recent.ts'

/** Decides which questions of the local network get an answer (docs/spec/lan.md §3): sockets and clocks are others' business. */
export type Answerer = {
  /**
   * Makes the answer to a datagram, by the address it is sent from; null when there is none. The checks are those of the specification, by
   * number.
   * @param from who sent it @param isNear whether an address is in a network of this machine
   */
  hear(bytes: Uint8Array, from: Endpoint, isNear: (host: string) => boolean): ((own: string) => Uint8Array) | null
  readonly counts: AnswerCounts
}

export type AnswerCounts = {
  /** questions that were looked at, whoever they were for */
  readonly looked: number
  readonly answered: number
  /** keyed hashes computed for questions: as many for each question, whatever it says */
  readonly hashes: number
}

export type AnswererParts = {
  /** of the ids that this peer stands for */
  readonly keys: readonly SecretKey[]
  /** UDP port of its DHT node; 0 while it has none */
  readonly port: () => number
  /** milliseconds that only count */
  readonly now: () => number
}

export const createAnswerer = ({ keys, port, now }: AnswererParts): Answerer => {
  const remembered = BEACON_SOURCES_MAX
  const heard = createPace({ each: BEACON_HEARD_SOURCE, all: BEACON_HEARD_ALL, remembered })
  const answers = createPace({ each: BEACON_ANSWERS_SOURCE, all: BEACON_ANSWERS_ALL, remembered })
  const answered = createRecent(BEACON_NONCES_MAX)
  const counts = { looked: 0, answered: 0, hashes: 0 }

  return {
    counts,
    hear: (bytes, from, isNear) => {
      if (bytes.length !== BEACON_BYTES) return null // 1
      if (!isNear(from.host) || from.port === 0) return null // 2
      if (!heard.take(from.host, now())) return null // 3
      const datagram = decodeBeacon(bytes) // 4
      if (datagram === null || datagram.port !== 0) return null
      counts.looked += 1
      // 5: with all keys, whichever fits, so that no time tells which.
      const meant = keys.filter((key) => {
        counts.hashes += 1
        return isQuestionFor(key, datagram, from)
      })
      const [key] = meant
      if (key === undefined) return null
      const nonce = hex(datagram.nonce)
      if (answered.has(nonce)) return null // 6
      const own = port()
      if (own === 0 || !answers.take(from.host, now())) return null // 7
      answered.add(nonce)
      counts.answered += 1
      return (host) => encodeAnswer(key, datagram.nonce, { host, port: own })
    },
  }
}
