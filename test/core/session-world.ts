import assert from 'node:assert/strict'
import fc from 'fast-check'
import { SessionError } from '../../src/core/errors.ts'
import { failsWith, flip, NOW } from './identities.ts'
import { DAY, type Model, makeModel, modelReceive, modelSend, type Sent } from './session-model.ts'
import { dumpSession, makeSides, type Side } from './sessions.ts'

/** Schedules of a conversation: what happens to which message, and two sides that go through it beside their models. */

export type Who = 0 | 1

export type Command =
  | { readonly kind: 'send'; readonly who: Who; readonly count: number }
  | { readonly kind: 'deliver' | 'corrupt'; readonly who: Who; readonly back: number }
  | { readonly kind: 'wait'; readonly seconds: number }

export type World = {
  readonly sides: readonly [Side, Side]
  readonly models: readonly [Model, Model]
  /** what each side has sent; whatever is never delivered is lost */
  readonly sent: readonly [Sent[], Sent[]]
  readonly opened: Set<string>
  now: number
  refused: number
  /** chains of which a message was opened that offer a KEM key, and that answer one */
  readonly offered: Set<string>
  readonly answered: Set<string>
}

const other = (who: Who): Who => (who === 0 ? 1 : 0)

/** What becomes of a side's session between two of its steps. */
export type Between = (side: Side) => void

const makeWorld = (between: Between): World => {
  const watched = (side: Side): Side => {
    const after = <T>(result: T): T => {
      between(watching)
      return result
    }
    const watching: Side = {
      get session() {
        return side.session
      },
      set session(session) {
        side.session = session
      },
      send: (text, now) => after(side.send(text, now)),
      receive: (message, now) => after(side.receive(message, now)),
    }
    return watching
  }
  const { alice, bob } = makeSides('schedules')
  return {
    sides: [watched(alice), watched(bob)],
    models: [makeModel(0, NOW), makeModel(-1, NOW)],
    sent: [[], []],
    opened: new Set(),
    now: NOW,
    refused: 0,
    offered: new Set(),
    answered: new Set(),
  }
}

const send = ({ sides, models, sent, now }: World, who: Who, count: number): void => {
  if (models[who].chain < 0) {
    assert.throws(() => sides[who].send('too early', now), failsWith('ERR_SESSION_NOT_READY'))
    return
  }
  for (let index = 0; index < count; index++) {
    const text = `${who}: ${sent[who].length}`
    sent[who].push(modelSend(models[who], sides[who].send(text, now), text, now))
  }
}

/** Delivers the message sent `back` messages ago, for the first time or again. */
const deliver = (world: World, who: Who, back: number): void => {
  const { sides, models, sent, opened, now } = world
  const arriving = sent[who].at(-1 - (back % Math.max(1, sent[who].length)))
  if (arriving === undefined) return
  const [side, model] = [sides[other(who)], models[other(who)]]
  const code = modelReceive(model, arriving, now)
  if (code === null) {
    assert.equal(side.receive(arriving.message, now), arriving.text)
    assert.equal(opened.has(arriving.text), false, 'opened twice')
    opened.add(arriving.text)
    if (arriving.offers) world.offered.add(`${who}/${arriving.chain}`)
    if (arriving.answers) world.answered.add(`${who}/${arriving.chain}`)
  } else {
    const { session } = side
    assert.throws(() => side.receive(arriving.message, now), failsWith(code))
    assert.equal(side.session, session)
    world.refused++
  }
  assert.equal(side.session.skipped.size, model.kept.size)
}

const corrupt = ({ sides, sent, now }: World, who: Who, back: number): void => {
  const arriving = sent[who].at(-1 - (back % Math.max(1, sent[who].length)))
  if (arriving === undefined) return
  const side = sides[other(who)]
  const before = dumpSession(side.session)
  const { header, token } = arriving.message
  const part =
    back % 2 === 0
      ? { header: flip(header, back % header.length), token }
      : { header, token: flip(token, back % token.length) }
  assert.throws(() => side.receive(part, now), SessionError)
  assert.deepEqual(dumpSession(side.session), before)
}

export const run = (commands: readonly Command[], between: Between = () => {}): World => {
  const world = makeWorld(between)
  for (const command of commands) {
    if (command.kind === 'wait') world.now += command.seconds
    else if (command.kind === 'send') send(world, command.who, command.count)
    else if (command.kind === 'deliver') deliver(world, command.who, command.back)
    else corrupt(world, command.who, command.back)
  }
  return world
}

const who = fc.constantFrom<Who>(0, 1)
const seconds = fc.oneof(
  fc.nat(4).map((days) => days * DAY),
  fc.nat(4000),
)
export const commands = (bursts: fc.Arbitrary<number>, maxLength: number): fc.Arbitrary<readonly Command[]> => {
  const place = (kind: 'deliver' | 'corrupt', max: number) =>
    fc.record({ kind: fc.constant(kind), who, back: fc.nat(max) })
  return fc.array<Command>(
    fc.oneof(
      { weight: 5, arbitrary: fc.record({ kind: fc.constant('send' as const), who, count: bursts }) },
      { weight: 6, arbitrary: place('deliver', 2) },
      { weight: 4, arbitrary: place('deliver', 3000) },
      { weight: 1, arbitrary: place('corrupt', 3000) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const), seconds }) },
    ),
    { maxLength, size: 'max' },
  )
}

/** A long conversation: bursts of both sides, each message lost, delivered or delivered twice, in any order. */
export const converse = (next: () => number, messages: number, share: number): World => {
  const world = makeWorld(() => {})
  const waiting: [{ place: number }[], { place: number }[]] = [[], []]
  while (world.sent[0].length + world.sent[1].length < messages) {
    const from: Who = next() % 100 < share ? 0 : 1
    const before = world.sent[from].length
    send(world, from, 1 + (next() % 5))
    for (let place = before; place < world.sent[from].length; place++)
      for (let copies = [0, 1, 1, 1, 1, 1, 1, 2][next() % 8] ?? 1; copies > 0; copies--) waiting[from].push({ place })
    for (const side of [0, 1] as const)
      while (waiting[side].length > 0 && next() % 4 !== 0) {
        const [arriving] = waiting[side].splice(next() % Math.min(12, waiting[side].length), 1)
        if (arriving !== undefined) deliver(world, side, world.sent[side].length - 1 - arriving.place)
      }
    world.now += next() % 40
  }
  return world
}
