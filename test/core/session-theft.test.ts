import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hex } from '../../src/core/bytes.ts'
import type { KemPrivateKey } from '../../src/core/kem.ts'
import type { P256PrivateKey } from '../../src/core/p256.ts'
import { decodeHeader } from '../../src/core/session/header.ts'
import type { Message, Session } from '../../src/core/session/session.ts'
import { allRuns, share } from '../runs.ts'
import { at } from './identities.ts'
import { createThief, type Loot, steal } from './ratchet-thief.ts'
import { makeSides, type Side } from './sessions.ts'
import { seededRandom } from './test-bytes.ts'

/** What is left to a thief of both whole states, who records everything and for whom P-256 is broken. */

type Recorded = {
  readonly message: Message
  readonly text: string
  /** the chains of both sides, numbered in the order in which each answers the one before */
  readonly chain: number
}

type Conversation = {
  readonly transcript: readonly Recorded[]
  /** both sides' states before each message of the transcript */
  readonly states: readonly (readonly [Session, Session])[]
  readonly p256: ReadonlyMap<string, P256PrivateKey>
  readonly kems: readonly KemPrivateKey[]
}

/** Bursts of both sides; some messages arrive late, some never, and the sides cross now and then. */
const converse = (name: string, count: number): Conversation => {
  const { alice, bob } = makeSides(name)
  const p256 = new Map<string, P256PrivateKey>()
  const kems = new Map<string, KemPrivateKey>()
  const [transcript, states]: [Recorded[], (readonly [Session, Session])[]] = [[], []]
  const numbers = new Map<string, number>([[hex(alice.session.self.publicKey), 0]])
  const random = seededRandom(`${name}/schedule`)
  const draw = (below: number): number => (random(1)[0] ?? 0) % below
  const look = ({ session: { self, sending } }: Side): void => {
    p256.set(hex(self.publicKey), self)
    if (sending?.offer) kems.set(hex(sending.offer.publicKey), sending.offer)
  }
  const late: [Message, Side][] = []
  const deliver = (message: Message, to: Side): void => {
    const received = numbers.get(hex(decodeHeader(message.header).dh)) ?? 0
    to.receive(message)
    if (!numbers.has(hex(to.session.self.publicKey))) numbers.set(hex(to.session.self.publicKey), received + 1)
    look(to)
  }
  for (let turn = 0; transcript.length < count; turn++) {
    const [from, to] = turn % 2 === 0 ? [alice, bob] : [bob, alice]
    for (let burst = 1 + draw(5); burst > 0; burst--) {
      look(from)
      states.push([alice.session, bob.session])
      const text = `secret ${transcript.length}`
      const message = from.send(text)
      look(from)
      transcript.push({ message, text, chain: numbers.get(hex(from.session.self.publicKey)) ?? -1 })
      const fate = burst === 1 ? 9 : draw(10)
      if (fate > 1) deliver(message, to)
      else if (fate === 1) late.push([message, to])
    }
    if (draw(4) === 0) for (const [message, side] of late.splice(0)) deliver(message, side)
  }
  return { transcript, states, p256, kems: [...kems.values()] }
}

/** What the thief reads of everything sent from message `from` on. */
const readAll = (loot: Loot, { transcript, p256, kems }: Conversation, from: number, withKems = false): boolean[] => {
  const thief = createThief(loot, p256, withKems ? kems : [])
  return transcript.slice(from).map(({ message, text }) => thief.read(message) === text)
}

/** The first chain whose step mixes in the answer to a KEM key that was offered after the theft. */
const healingChain = ({ transcript }: Conversation, from: number): number => {
  const offers = (recorded: Recorded): boolean => decodeHeader(recorded.message.header).kem !== null
  const before = new Set(
    transcript
      .slice(0, from)
      .filter(offers)
      .map(({ chain }) => chain),
  )
  const offer = transcript.slice(from).find((recorded) => offers(recorded) && !before.has(recorded.chain))
  return offer === undefined ? Infinity : offer.chain + 1
}

const conversation = converse('theft', allRuns ? 420 : 300)
const moments = conversation.transcript.map((_, index) => index).filter((index) => index % (allRuns ? 23 : 150) === 0)

test('§6 the conversation stolen from goes through several KEM steps in both directions', () => {
  const { transcript, kems } = conversation
  assert.ok(kems.length >= 5, `${kems.length}`)
  const answered = transcript.filter(({ message }) => decodeHeader(message.header).ct !== null)
  const sides = new Set(answered.map(({ chain }) => chain % 2))
  assert.ok(new Set(answered.map(({ chain }) => chain)).size >= 4 && sides.size === 2)
})

test('§6 a thief of both states who breaks P-256 reads all up to the first KEM step begun after the theft, nothing after', () => {
  const outcome = { read: 0, closed: 0 }
  for (const from of moments) {
    const heals = healingChain(conversation, from)
    const expected = conversation.transcript.slice(from).map(({ chain }) => chain < heals)
    assert.deepEqual(readAll(steal(...at(conversation.states, from)), conversation, from), expected, `theft ${from}`)
    for (const open of expected) outcome[open ? 'read' : 'closed']++
  }
  assert.ok(outcome.read > share(300) && outcome.closed > share(2000), JSON.stringify(outcome))
})

test('§6 a KEM key that was stolen while its answer was under way heals nothing: the next one does', () => {
  const under = conversation.states.findIndex(([alice, bob]) => alice.sending?.offer || bob.sending?.offer)
  assert.ok(under > 0)
  const { chain } = at(conversation.transcript, under)
  const answer = conversation.transcript.findIndex(
    (recorded, index) => index >= under && decodeHeader(recorded.message.header).ct !== null,
  )
  assert.ok(answer >= 0)
  const upToAnswer = { ...conversation, transcript: conversation.transcript.slice(0, answer + 1) }
  const read = readAll(steal(...at(conversation.states, under)), upToAnswer, under)
  assert.equal(read[answer - under], true)
  assert.ok(healingChain(conversation, under) > chain + 2)
})

test('§6 control: with the KEM keys as well the thief reads everything, so ss is all that keeps it out', () => {
  for (const from of moments.filter((_, index) => index % 3 === 0)) {
    const read = readAll(steal(...at(conversation.states, from)), conversation, from, true)
    assert.deepEqual(new Set(read), new Set([true]))
  }
})

test('§6 control: without the P-256 keys the thief loses sight at the next ratchet step', () => {
  const { transcript, states } = conversation
  for (const from of moments.filter((_, index) => index % 3 === 0)) {
    const loot = steal(...at(states, from))
    const known = new Set(loot.chains.keys())
    const read = readAll(loot, { ...conversation, p256: new Map() }, from)
    const expected = transcript.slice(from).map(({ message }) => known.has(hex(decodeHeader(message.header).dh)))
    assert.deepEqual(read, expected)
  }
})

test('§6 a conversation too short and too quick for a KEM step heals against today’s thief only', () => {
  const short = converse('short', 25)
  assert.equal(short.kems.length, 0)
  assert.deepEqual(new Set(readAll(steal(...at(short.states, 5)), short, 5)), new Set([true]))
})
