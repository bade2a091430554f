import assert from 'node:assert/strict'
import { decodeHeader } from '../../src/core/session/header.ts'
import type { Message } from '../../src/core/session/session.ts'

/**
 * The ratchet as a model that knows no cryptography: which messages of which chain are open, kept, lost or too old, and
 * which chains carry a KEM key or its answer. The chains of one sender are numbered; it begins its next one when it opens
 * a message of a new chain of the other side.
 */

export type Sent = {
  readonly message: Message
  readonly text: string
  readonly chain: number
  readonly n: number
  readonly pn: number
  /** whether the chain's headers carry a KEM key, and a ciphertext */
  readonly offers: boolean
  readonly answers: boolean
}

export type Model = {
  /** the chain that is sent (−1: none yet), how much of it, and how much of the one before */
  chain: number
  sent: number
  previous: number
  offers: boolean
  answers: boolean
  /** the chain that is received (−1: none yet) and the number expected next in it */
  remote: number
  expected: number
  /** skipped messages, oldest first, with the time they were skipped */
  readonly kept: Map<string, number>
  /** messages sent and opened since the last KEM step, and when that was */
  messages: number
  since: number
}

export const makeModel = (chain: number, now: number): Model => ({
  chain,
  sent: 0,
  previous: 0,
  offers: false,
  answers: false,
  remote: -1,
  expected: 0,
  kept: new Map(),
  messages: 0,
  since: now,
})

export const DAY = 24 * 3600
const isOld = (skipped: number, now: number): boolean => skipped + 7 * DAY < now

export const forget = ({ kept }: Model, now: number): void => {
  for (const [name, time] of kept) if (isOld(time, now)) kept.delete(name)
}

const keep = ({ kept }: Model, chain: number, from: number, until: number, now: number): void => {
  for (let n = from; n < until; n++) kept.set(`${chain}/${n}`, now)
  for (const name of [...kept.keys()].slice(0, Math.max(0, kept.size - 2000))) kept.delete(name)
}

/** What the model expects of the message its side sends next; the header of `message` must bear it out. */
export const modelSend = (model: Model, message: Message, text: string, now: number): Sent => {
  const due = model.sent === 0 && (model.messages >= 32 || now - model.since >= 3600)
  if (due) model.offers = true
  model.messages++
  forget(model, now)
  const { chain, previous: pn, offers, answers } = model
  const sent = { message, text, chain, n: model.sent++, pn, offers, answers }
  const header = decodeHeader(message.header)
  assert.deepEqual(
    { pn: header.pn, n: header.n, offers: header.kem !== null, answers: header.ct !== null },
    { pn, n: sent.n, offers, answers },
  )
  return sent
}

/** The code a message that is not kept is refused with, or null when it opens. */
const refusal = ({ remote, expected, offers }: Model, { chain, n, pn, answers }: Sent) => {
  if (chain === remote && n < expected) return 'ERR_SESSION_DUPLICATE'
  if (chain !== remote && answers !== offers) return 'ERR_SESSION_HEADER'
  if (chain !== remote && remote >= 0 && pn - expected > 1000) return 'ERR_SESSION_SKIP'
  if (n - (chain === remote ? expected : 0) > 1000) return 'ERR_SESSION_SKIP'
  // The chain is over: its keys are gone.
  return chain < remote ? 'ERR_SESSION_TOKEN' : null
}

export const modelReceive = (model: Model, sent: Sent, now: number): ReturnType<typeof refusal> => {
  const name = `${sent.chain}/${sent.n}`
  const time = model.kept.get(name)
  const isKept = time !== undefined && !isOld(time, now)
  const code = isKept ? null : refusal(model, sent)
  if (code !== null) return code
  forget(model, now)
  if (isKept) {
    model.kept.delete(name)
    model.messages++
    return null
  }
  const begins = sent.chain !== model.remote
  if (begins) {
    keep(model, model.remote, model.expected, model.remote < 0 ? 0 : sent.pn, now)
    Object.assign(model, { remote: sent.chain, expected: 0 })
    Object.assign(model, { chain: model.chain + 1, previous: model.sent, sent: 0, offers: false, answers: sent.offers })
  }
  if (begins && (sent.offers || sent.answers)) Object.assign(model, { messages: 0, since: now })
  else model.messages++
  keep(model, sent.chain, model.expected, sent.n, now)
  model.expected = sent.n + 1
  return null
}
