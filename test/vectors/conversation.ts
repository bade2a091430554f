import assert from 'node:assert/strict'
import { hex } from '../../src/core/bytes.ts'
import { exportPrivateKey } from '../../src/core/p256.ts'
import { at, makeBytes, makeKey, NOW } from '../core/identities.ts'
import { fromHex, seededRandom } from '../core/test-bytes.ts'
import { type Happening, replayed, type SideName, type Trace, traceConversation } from './trace.ts'
import type { VectorMakers } from './vector-files.ts'

/**
 * vectors/session, both sides: a conversation from its beginning (`rootKey`, the responder's first ratchet key as the scalar
 * `spk`, the time `begun`) with every value that comes up, by its name in the specification. `chains` are the sending chains
 * in their order, each with the root step it comes from (`self` is the sender's scalar, `dh` its public key, `shared` the
 * result of DH; `ct` and `ss` where it answers, `kem` and `kemSeed` where it offers) and its first CK; `messages` have the CK
 * they are made from, `iv` and time. `events` say who sends or receives which message when, `after` how each side is stored.
 */

type Step = { readonly text: string } | { readonly receive: number }

/** Says who does what at which time, a message by its place in the conversation. */
const script = () => {
  const happenings: Happening[] = []
  let count = 0
  let now = NOW
  const add = (side: SideName, step: Step): void => void happenings.push({ side, now, ...step })
  return {
    happenings,
    wait: (seconds: number): void => {
      now += seconds
    },
    /** The number of the message that is sent. */
    send: (side: SideName, text: string): number => {
      add(side, { text })
      return count++
    },
    receive: (side: SideName, ...messages: readonly number[]): void => {
      for (const receive of messages) add(side, { receive })
    },
  }
}

const [A, B] = ['initiator', 'responder'] as const

const played = (name: string, description: string, write: (play: ReturnType<typeof script>) => void) => () => {
  const play = script()
  write(play)
  const begin = {
    id: hex(makeBytes(`${name}/id`, 16)),
    rootKey: hex(makeBytes(`${name}/rk`, 32)),
    spk: hex(exportPrivateKey(makeKey(`${name}/spk`))),
    begun: NOW,
  }
  const random = { initiator: seededRandom(`${name}/initiator`), responder: seededRandom(`${name}/responder`) }
  return { description, ...traceConversation(begin, play.happenings, random) }
}

const HOUR = 3600

export const conversationVectors: VectorMakers = {
  conversation: played(
    'vectors/conversation',
    'several ratchet steps both ways, with messages that arrive late, within their chain and after it',
    ({ send, receive, wait }) => {
      const first = send(A, 'hello')
      const second = send(A, 'are you there?')
      const third = send(A, '')
      receive(B, first)
      wait(5)
      receive(A, send(B, 'I am'))
      const fourth = send(A, 'x'.repeat(300))
      receive(B, fourth, second)
      send(B, 'never arrives')
      const fifth = send(B, 'five')
      wait(60)
      receive(A, fifth)
      receive(B, send(A, 'six'), third)
      receive(A, send(B, 'seven'))
      send(B, 'lost at the end of its chain')
      receive(B, send(A, 'eight'))
      send(B, 'lost at the beginning of its chain')
      receive(A, send(B, 'nine'))
    },
  ),
  'kem-step': played(
    'vectors/kem step',
    'a KEM step after an hour, of whose chains the first messages are lost; the answering chain offers as well',
    ({ send, receive, wait }) => {
      receive(B, send(A, 'one'))
      receive(A, send(B, 'two'))
      wait(HOUR)
      const offer = send(A, 'offer')
      const again = send(A, 'offer again')
      receive(B, again)
      wait(HOUR)
      send(B, 'answer and offer, lost')
      const both = send(B, 'answer and offer')
      receive(A, both)
      receive(B, offer)
      const answer = send(A, 'answer')
      receive(B, answer)
      receive(A, send(B, 'without'))
      receive(B, send(A, 'without'))
    },
  ),
  'kem-count': played('vectors/kem count', 'a KEM step after 32 messages', ({ send, receive }) => {
    for (let n = 0; n < 36; n++) receive(n % 2 === 0 ? B : A, send(n % 2 === 0 ? A : B, `${n}`))
  }),
}

/** Plays the conversation again from what was drawn in it: every value comes out the same. */
export const checkConversation = ({ description, ...vector }: Trace & { readonly description: string }): void => {
  assert.ok(description.length > 0)
  const { id, rootKey, spk, begun, chains, messages } = vector
  const happenings = vector.events.map((event): Happening => {
    const { side, now, send, receive } = event as { side: SideName; now: number; send?: number; receive?: number }
    if (send === undefined) return { side, now, receive: receive ?? -1 }
    return { side, now, text: Buffer.from(fromHex(at(messages, send).plaintext)).toString() }
  })
  const random = { initiator: replayed(vector, 'initiator'), responder: replayed(vector, 'responder') }
  const again = traceConversation({ id, rootKey, spk, begun }, happenings, random, (chain) => {
    const { ct, ss } = at(chains, chain)
    return ct === undefined || ss === undefined ? null : { ct, ss }
  })
  assert.deepEqual(again, vector)
}
