import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SessionError } from '../../src/core/errors.ts'
import type { Message } from '../../src/core/session/session.ts'
import { failsWith, flip, NOW } from './identities.ts'
import { dumpSession, makeSides, type Side } from './sessions.ts'

/**
 * The ratchet against a model that knows no cryptography: which messages of which chain are open, kept, lost or too old.
 * The chains of one sender are numbered; it begins its next one when it opens a message of a new chain of the other side.
 */

const SEED = 20260104
const DAY = 24 * 3600

type Sent = {
  readonly message: Message
  readonly text: string
  readonly chain: number
  readonly n: number
  readonly pn: number
}

type Model = {
  /** the chain that is sent (−1: none yet), how much of it, and how much of the one before */
  chain: number
  sent: number
  previous: number
  /** the chain that is received (−1: none yet) and the number expected next in it */
  remote: number
  expected: number
  /** skipped messages, oldest first, with the time they were skipped */
  readonly kept: Map<string, number>
}

const makeModel = (chain: number): Model => ({
  chain,
  sent: 0,
  previous: 0,
  remote: -1,
  expected: 0,
  kept: new Map(),
})

const keep = ({ kept }: Model, chain: number, from: number, until: number, now: number): void => {
  for (let n = from; n < until; n++) kept.set(`${chain}/${n}`, now)
  for (const name of [...kept.keys()].slice(0, Math.max(0, kept.size - 2000))) kept.delete(name)
}

/** The code a message that is not kept is refused with, or null when it opens. */
const refusal = ({ remote, expected }: Model, { chain, n, pn }: Sent) => {
  if (chain === remote && n < expected) return 'ERR_MESSAGE_DUPLICATE'
  if (chain !== remote && remote >= 0 && pn - expected > 1000) return 'ERR_MESSAGE_SKIP'
  if (n - (chain === remote ? expected : 0) > 1000) return 'ERR_MESSAGE_SKIP'
  // The chain is over: its keys are gone.
  return chain < remote ? 'ERR_MESSAGE_TOKEN' : null
}

const receive = (model: Model, sent: Sent, now: number): ReturnType<typeof refusal> => {
  const name = `${sent.chain}/${sent.n}`
  const isOld = (time: number): boolean => time + 7 * DAY < now
  const time = model.kept.get(name)
  const isKept = time !== undefined && !isOld(time)
  const code = isKept ? null : refusal(model, sent)
  if (code !== null) return code
  for (const [each, skipped] of model.kept) if (isOld(skipped)) model.kept.delete(each)
  if (isKept) {
    model.kept.delete(name)
    return null
  }
  if (sent.chain !== model.remote) {
    keep(model, model.remote, model.expected, model.remote < 0 ? 0 : sent.pn, now)
    Object.assign(model, { remote: sent.chain, expected: 0 })
    Object.assign(model, { chain: model.chain + 1, previous: model.sent, sent: 0 })
  }
  keep(model, sent.chain, model.expected, sent.n, now)
  model.expected = sent.n + 1
  return null
}

type Command =
  | { readonly kind: 'send'; readonly who: 0 | 1; readonly count: number }
  | { readonly kind: 'deliver' | 'corrupt'; readonly who: 0 | 1; readonly back: number }
  | { readonly kind: 'wait'; readonly days: number }

type World = {
  readonly sides: readonly [Side, Side]
  readonly models: readonly [Model, Model]
  /** what each side has sent; whatever is never delivered is lost */
  readonly sent: readonly [Sent[], Sent[]]
  readonly opened: Set<string>
  now: number
  refused: number
}

const other = (who: 0 | 1): 0 | 1 => (who === 0 ? 1 : 0)

const makeWorld = (): World => {
  const { alice, bob } = makeSides('schedules')
  const models = [makeModel(0), makeModel(-1)] as const
  return { sides: [alice, bob], models, sent: [[], []], opened: new Set(), now: NOW, refused: 0 }
}

const send = ({ sides, models, sent, now }: World, who: 0 | 1, count: number): void => {
  const model = models[who]
  if (model.chain < 0) {
    assert.throws(() => sides[who].send('too early', now), failsWith('ERR_SESSION_NOT_READY'))
    return
  }
  for (let index = 0; index < count; index++) {
    const text = `${who}: ${sent[who].length}`
    const message = sides[who].send(text, now)
    sent[who].push({ message, text, chain: model.chain, n: model.sent++, pn: model.previous })
  }
  for (const [name, time] of model.kept) if (time + 7 * DAY < now) model.kept.delete(name)
}

/** Delivers the message sent `back` messages ago, for the first time or again. */
const deliver = (world: World, who: 0 | 1, back: number): void => {
  const { sides, models, sent, opened, now } = world
  const arriving = sent[who].at(-1 - (back % Math.max(1, sent[who].length)))
  if (arriving === undefined) return
  const [side, model] = [sides[other(who)], models[other(who)]]
  const code = receive(model, arriving, now)
  if (code === null) {
    assert.equal(side.receive(arriving.message, now), arriving.text)
    assert.equal(opened.has(arriving.text), false, 'opened twice')
    opened.add(arriving.text)
  } else {
    const { session } = side
    assert.throws(() => side.receive(arriving.message, now), failsWith(code))
    assert.equal(side.session, session)
    world.refused++
  }
  assert.equal(side.session.skipped.size, model.kept.size)
}

const corrupt = ({ sides, sent, now }: World, who: 0 | 1, back: number): void => {
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
    if (command.kind === 'wait') world.now += command.days * DAY
    else if (command.kind === 'send') send(world, command.who, command.count)
    else if (command.kind === 'deliver') deliver(world, command.who, command.back)
    else corrupt(world, command.who, command.back)
  }
  return world
}

const who = fc.constantFrom<0 | 1>(0, 1)
const commands = (bursts: fc.Arbitrary<number>, maxLength: number): fc.Arbitrary<readonly Command[]> => {
  const place = (kind: 'deliver' | 'corrupt', max: number) =>
    fc.record({ kind: fc.constant(kind), who, back: fc.nat(max) })
  return fc.array<Command>(
    fc.oneof(
      { weight: 5, arbitrary: fc.record({ kind: fc.constant('send' as const), who, count: bursts }) },
      { weight: 6, arbitrary: place('deliver', 2) },
      { weight: 4, arbitrary: place('deliver', 3000) },
      { weight: 1, arbitrary: place('corrupt', 3000) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const), days: fc.nat(4) }) },
    ),
    { maxLength, size: 'max' },
  )
}

test('§6 any schedule of loss, reordering, repetition and direction opens each message once', () => {
  const seen = { opened: 0, refused: 0 }
  fc.assert(
    fc.property(commands(fc.integer({ min: 1, max: 3 }), 60), (schedule) => {
      const { opened, refused } = run(schedule)
      seen.opened += opened.size
      seen.refused += refused
    }),
    { seed: SEED, numRuns: 250 },
  )
  assert.ok(seen.opened > 1000 && seen.refused > 200, JSON.stringify(seen))
})

test('§6 so does any schedule that comes to the limits', () => {
  const bursts = fc.constantFrom(1, 2, 3, 1, 2, 400, 999, 1000, 1001)
  const codes = { opened: 0, refused: 0, kept: 0 }
  fc.assert(
    fc.property(commands(bursts, 50), (schedule) => {
      const { opened, refused, models } = run(schedule)
      codes.opened += opened.size
      codes.refused += refused
      codes.kept = Math.max(codes.kept, ...models.map(({ kept }) => kept.size))
    }),
    { seed: SEED, numRuns: 14 },
  )
  assert.ok(codes.opened > 50 && codes.refused > 20, JSON.stringify(codes))
  assert.ok(codes.kept > 1500, JSON.stringify(codes))
})
