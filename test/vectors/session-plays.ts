import { hex, type RandomBytes, utf8 } from '../../src/core/bytes.ts'
import { type CborValue, decodeCbor, encodeCbor } from '../../src/core/cbor.ts'
import type { ErrorCode } from '../../src/core/errors.ts'
import { secretKey } from '../../src/core/kdf.ts'
import { exportPrivateKey } from '../../src/core/p256.ts'
import { initiateSession, type Message, respondSession } from '../../src/core/session/session.ts'
import { decodeSession, encodeSession } from '../../src/core/session/snapshot.ts'
import { makeBytes, makeKey, NOW } from '../core/identities.ts'
import { makeSide, makeTalkingSides, type Side } from '../core/sessions.ts'
import { seededRandom } from '../core/test-bytes.ts'
import type { Json } from './vector-files.ts'

/** Plays one side of a session from a script, and writes down what it does, for `session.ts`. */

const id = makeBytes('vectors/session/id', 16)
const rootKeyBytes = makeBytes('vectors/session/rk', 32)
const spk = makeKey('vectors/session/spk')

const recorded = (name: string): { readonly random: RandomBytes; readonly drawn: string[] } => {
  const [source, drawn] = [seededRandom(name), [] as string[]]
  const random = (size: number): Uint8Array => {
    const bytes = source(size)
    drawn.push(hex(bytes))
    return bytes
  }
  return { random, drawn }
}

const messageOf = ({ header, token }: Message) => ({ header: hex(header), token: hex(token) })

/** The same side, which writes down what it does. */
const recording = (side: Side, steps: Json[]): Side => ({
  session: side.session,
  send: (text, now = NOW) => {
    const message = side.send(text, now)
    steps.push({ now, send: hex(utf8(text)), ...messageOf(message) })
    return message
  },
  receive: (message, now = NOW) => {
    const text = side.receive(message, now)
    steps.push({ now, ...messageOf(message), receive: hex(utf8(text)) })
    return text
  },
})

type CborMap = { readonly [field: string]: CborValue }

type Script = (own: Side, peer: Side) => { readonly message: Message; readonly now?: number } | null

export const play = (role: 'initiator' | 'responder', description: string, script: Script, error?: ErrorCode) => () => {
  const [alices, bobs] = [recorded('vectors/session/alice'), recorded('vectors/session/bob')]
  const rootKey = () => secretKey(Uint8Array.from(rootKeyBytes))
  const alice = makeSide(
    initiateSession(id, rootKey(), spk.publicKey, { now: NOW, random: alices.random }),
    alices.random,
  )
  const bob = makeSide(respondSession(id, rootKey(), spk, NOW), bobs.random)
  const steps: Json[] = []
  const last = role === 'initiator' ? script(recording(alice, steps), bob) : script(recording(bob, steps), alice)
  const begin = role === 'initiator' ? { remote: hex(spk.publicKey) } : { self: hex(exportPrivateKey(spk)) }
  const { drawn } = role === 'initiator' ? alices : bobs
  const end =
    last === null || error === undefined ? {} : { now: last.now ?? NOW, message: messageOf(last.message), error }
  return {
    description,
    role,
    id: hex(id),
    rootKey: hex(rootKeyBytes),
    ...begin,
    begun: NOW,
    random: drawn,
    steps,
    ...end,
  }
}
export const plays = (role: 'initiator' | 'responder', description: string, script: (own: Side, peer: Side) => void) =>
  play(role, description, (own, peer) => {
    script(own, peer)
    return null
  })
export const refuses = (error: ErrorCode, description: string, script: (own: Side, peer: Side) => Message) =>
  play('responder', description, (own, peer) => ({ message: script(own, peer) }), error)

export const many = (side: Side, count: number): readonly Message[] =>
  Array.from({ length: count }, (_, n) => side.send(`${n}`))
/** The peer's message with other fields in its header. */
export const reheaded = (
  { header, token }: Message,
  change: (fields: readonly CborValue[]) => readonly CborValue[],
): Message => ({
  header: encodeCbor(change(decodeCbor(header) as readonly CborValue[])),
  token,
})
export const begun = (own: Side, peer: Side): void => {
  own.receive(peer.send('first'))
  peer.receive(own.send('second'))
}

const HOUR = 3600

/** Bob's session with all that one can hold: both chains, an offer and an answer under way, a message that is missing. */
const fullest = () => {
  const { alice, bob } = makeTalkingSides('vectors/session/snapshot')
  alice.receive(bob.send('turn'))
  const late = alice.send('late', NOW + HOUR)
  bob.receive(alice.send('offer', NOW + HOUR), NOW + HOUR)
  alice.receive(bob.send('answer and offer', NOW + 2 * HOUR), NOW + 2 * HOUR)
  return { alice, late, snapshot: encodeSession(bob.session) }
}

export const continued = () => {
  const { alice, late, snapshot } = fullest()
  const [source, steps]: [ReturnType<typeof recorded>, Json[]] = [recorded('vectors/session/restored'), []]
  const restored = makeSide(decodeSession(snapshot), source.random)
  const bob = recording(restored, steps)
  bob.receive(late, NOW + 2 * HOUR)
  bob.send('still offering', NOW + 2 * HOUR)
  bob.receive(alice.send('answer', NOW + 2 * HOUR), NOW + 2 * HOUR)
  bob.send('next chain', NOW + 2 * HOUR)
  return {
    description: 'a stored session goes on: a late message, the answer to its KEM key, and its next chain',
    snapshot: hex(snapshot),
    random: source.drawn,
    steps,
    after: hex(encodeSession(restored.session)),
  }
}

export const refusesSnapshot = (error: ErrorCode, description: string, change: (fields: CborMap) => CborMap) => () => ({
  description,
  snapshot: hex(encodeCbor(change(decodeCbor(fullest().snapshot) as CborMap))),
  error,
})
