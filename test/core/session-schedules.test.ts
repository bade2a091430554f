import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SessionError } from '../../src/core/errors.ts'
import { failsWith, flip, NOW } from './identities.ts'
import { DAY, type Model, makeModel, modelReceive, modelSend, type Sent } from './session-model.ts'
import { dumpSession, makeSides, type Side } from './sessions.ts'

/** The ratchet against its model, over any schedule of loss, reordering, repetition, damage, time and direction. */

const SEED = 20260104

type Who = 0 | 1

type Command =
  | { readonly kind: 'send'; readonly who: Who; readonly count: number }
  | { readonly kind: 'deliver' | 'corrupt'; readonly who: Who; readonly back: number }
  | { readonly kind: 'wait'; readonly seconds: number }

type World = {
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

const makeWorld = (): World => {
  const { alice, bob } = makeSides('schedules')
  return {
    sides: [alice, bob],
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

const run = (commands: readonly Command[]): World => {
  const world = makeWorld()
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
const commands = (bursts: fc.Arbitrary<number>, maxLength: number): fc.Arbitrary<readonly Command[]> => {
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

test('§6 any schedule of loss, reordering, repetition and direction opens each message once', () => {
  const seen = { opened: 0, refused: 0, offered: 0, answered: 0 }
  fc.assert(
    fc.property(commands(fc.integer({ min: 1, max: 3 }), 60), (schedule) => {
      const { opened, refused, offered, answered } = run(schedule)
      seen.opened += opened.size
      seen.refused += refused
      seen.offered += offered.size
      seen.answered += answered.size
    }),
    { seed: SEED, numRuns: 250 },
  )
  assert.ok(seen.opened > 1000 && seen.refused > 200, JSON.stringify(seen))
  assert.ok(seen.offered > 80 && seen.answered > 50, JSON.stringify(seen))
})

test('§6 so does any schedule that comes to the limits', () => {
  const bursts = fc.constantFrom(1, 2, 3, 1, 2, 400, 999, 1000, 1001)
  const codes = { opened: 0, refused: 0, kept: 0, answered: 0 }
  fc.assert(
    fc.property(commands(bursts, 50), (schedule) => {
      const { opened, refused, models, answered } = run(schedule)
      codes.opened += opened.size
      codes.refused += refused
      codes.answered += answered.size
      codes.kept = Math.max(codes.kept, ...models.map(({ kept }) => kept.size))
    }),
    { seed: SEED, numRuns: 14 },
  )
  assert.ok(codes.opened > 50 && codes.refused > 20, JSON.stringify(codes))
  assert.ok(codes.kept > 1500 && codes.answered > 0, JSON.stringify(codes))
})

/** A long conversation: bursts of both sides, each message lost, delivered or delivered twice, in any order. */
const converse = (next: () => number, messages: number, share: number): World => {
  const world = makeWorld()
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

test('§6 thousands of messages, alternating or nearly one-sided, with loss and reordering around every KEM step', () => {
  for (const [share, least] of [
    [50, 40],
    [3, 10],
    [97, 10],
  ] as const)
    fc.assert(
      fc.property(fc.infiniteStream(fc.nat(9999)), (stream) => {
        const { opened, answered, offered } = converse(() => stream.next().value ?? 0, 3000, share)
        assert.ok(opened.size > 2000, `${opened.size} opened`)
        assert.ok(offered.size > least && answered.size > least, `${offered.size}, ${answered.size} at ${share}`)
      }),
      { seed: SEED, numRuns: 1 },
    )
})
