import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { StreamPayload } from '../../src/connection/payloads.ts'
import { ConnectionError } from '../../src/core/errors.ts'
import { STREAM_DATA_MAX, STREAM_WINDOW } from '../../src/core/limits/connection-limits.ts'
import {
  type Action,
  act,
  beginStream,
  type Deed,
  type Heard,
  hear,
  overStream,
  type Step,
  type StreamState,
} from '../../src/streams/stream-state.ts'
import { runs } from '../runs.ts'

/** The table of docs/spec/streams.md §3, and two machines that say to each other whatever they may. */

const ROOM: Heard = { k: 'stream-room', id: 0, n: STREAM_WINDOW }
const DATA: Heard = { k: 'stream-data', id: 0, d: new Uint8Array(10) }
const END: Heard = { k: 'stream-end', id: 0 }
const RESET: Heard = { k: 'stream-reset', id: 0, code: 'ERR_STREAM_RESET' }
const CODE = 'ERR_STREAM_RESET'

const opening = beginStream(0, 'opening')
const offered = beginStream(0, 'offered')
const opened = hear(opening, ROOM).state
const accepted = act(offered, { type: 'accept' }).state
const over = overStream(0)

const codeOf = (action: () => unknown): unknown => {
  try {
    action()
    return null
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error
  }
}
const told = ({ actions }: Step): readonly string[] =>
  actions.map((action) => (action.type === 'say' ? action.payload.k : action.type))

test('§3 what may be heard in which phase, where it leads, and what is told', () => {
  const rows: readonly (readonly [StreamState, Heard, string, readonly string[]])[] = [
    [opening, ROOM, 'open', ['accepted']],
    [opening, DATA, 'ERR_FRAME', []],
    [opening, END, 'ERR_FRAME', []],
    [opening, RESET, 'over', ['stream-reset', 'reset']],
    [offered, ROOM, 'ERR_FRAME', []],
    [offered, DATA, 'ERR_FRAME', []],
    [offered, END, 'ERR_FRAME', []],
    [offered, RESET, 'over', ['stream-reset', 'reset']],
    [opened, { ...ROOM, n: 1 }, 'ERR_FRAME', []],
    [{ ...opened, room: 0 }, { ...ROOM, n: 0 }, 'ERR_FRAME', []],
    [{ ...opened, room: 0 }, ROOM, 'open', ['room']],
    [opened, DATA, 'open', ['data']],
    [{ ...opened, granted: 9 }, DATA, 'ERR_FRAME', []],
    [opened, END, 'open', ['ended']],
    [hear(opened, END).state, DATA, 'ERR_FRAME', []],
    [hear(opened, END).state, END, 'ERR_FRAME', []],
    [act(opened, { type: 'end' }).state, END, 'over', ['ended']],
    [opened, RESET, 'over', ['stream-reset', 'reset']],
    [over, ROOM, 'over', []],
    [over, DATA, 'ERR_FRAME', []],
    [over, END, 'ERR_FRAME', []],
    [over, RESET, 'over', []],
  ]
  for (const [index, [state, heard, phase, actions]] of rows.entries()) {
    if (phase === 'ERR_FRAME')
      assert.equal(
        codeOf(() => hear(state, heard)),
        'ERR_FRAME',
        `row ${index}`,
      )
    else assert.deepEqual([hear(state, heard).state.phase, told(hear(state, heard))], [phase, actions], `row ${index}`)
  }
})

test('§3 a stream that this side has reset tells nobody, keeps the rules, and is over with the other’s reset', () => {
  for (const begun of [opening, opened, accepted]) {
    const { state, actions } = act(begun, { type: 'reset', code: 'ERR_STREAM_LIMIT' })
    assert.deepEqual(actions, [{ type: 'say', payload: { ...RESET, code: 'ERR_STREAM_LIMIT' } }])
    assert.deepEqual(act(state, { type: 'reset', code: CODE }).actions, [])
    assert.deepEqual([hear(state, RESET).state.phase, told(hear(state, RESET))], ['over', []])
    for (const deed of [{ type: 'end' }, { type: 'send', d: new Uint8Array(1) }] as const)
      assert.equal(
        codeOf(() => act(state, deed)),
        CODE,
      )
  }
  let late = act(opened, { type: 'reset', code: CODE }).state
  for (let sent = 0; sent < STREAM_WINDOW; sent += STREAM_DATA_MAX) {
    const step = hear(late, { ...DATA, d: new Uint8Array(STREAM_DATA_MAX) })
    assert.deepEqual(step.actions, [])
    late = step.state
  }
  assert.equal(
    codeOf(() => hear(late, { ...DATA, d: new Uint8Array(1) })),
    'ERR_FRAME',
  )
  late = hear(late, END).state
  assert.equal(
    codeOf(() => hear(late, END)),
    'ERR_FRAME',
  )
})

test('§3 of a stream that is over nothing is said', () => {
  assert.deepEqual(act(over, { type: 'reset', code: CODE }), { state: over, actions: [] })
  for (const deed of [{ type: 'end' }, { type: 'send', d: new Uint8Array(1) }] as const)
    assert.equal(
      codeOf(() => act(over, deed)),
      CODE,
    )
})

test('§3 who refuses what was offered has given no room, and hears neither data nor an end', () => {
  const refused = act(offered, { type: 'reset', code: 'ERR_STREAM_PROTOCOL' }).state
  for (const heard of [DATA, END, ROOM])
    assert.equal(
      codeOf(() => hear(refused, heard)),
      'ERR_FRAME',
    )
})

test('§3 room is granted when a quarter of the window was read, one grant at a time, and not to who has ended', () => {
  const quarter = STREAM_WINDOW / 4
  const taking = { ...opened, granted: 0 }
  const less = act(taking, { type: 'take', n: quarter - 1 })
  assert.deepEqual(less.actions, [])
  const enough = act(less.state, { type: 'take', n: 1 })
  assert.deepEqual(enough.actions, [{ type: 'say', payload: { ...ROOM, n: quarter } }])
  assert.equal(enough.state.granted, quarter)
  const meanwhile = act(enough.state, { type: 'take', n: quarter })
  assert.deepEqual(meanwhile.actions, [])
  assert.deepEqual(act(meanwhile.state, { type: 'granted' }).actions, enough.actions)
  assert.deepEqual(act(hear(taking, END).state, { type: 'take', n: quarter }).actions, [])
  // Nor is more borne of a stream that was reset meanwhile than it was told of.
  const late = act(meanwhile.state, { type: 'reset', code: CODE }).state
  assert.equal(act(late, { type: 'granted' }).state.granted, quarter)
})

/** A deed that this side may do now; what is done is chosen by chance. */
const choose = (state: StreamState, choice: number, size: number, unread: number): Deed | null => {
  const isSending = state.phase === 'open' && !state.isReset && !state.isEnded
  switch (choice) {
    case 0:
      return state.phase === 'offered' && !state.isReset ? { type: 'accept' } : null
    case 1:
      return isSending && Math.min(size, state.room) > 0
        ? { type: 'send', d: new Uint8Array(Math.min(size, state.room)) }
        : null
    case 2:
      return isSending ? { type: 'end' } : null
    case 3:
      return size % 4 === 0 ? { type: 'reset', code: CODE } : null
    case 4:
      return unread > 0 ? { type: 'take', n: unread } : null
    default:
      return state.isGranting ? { type: 'granted' } : null
  }
}

type Machine = { state: StreamState; unread: number; readonly said: StreamPayload[] }

test('§3 however two sides that keep the rules cross, neither breaks one in the eyes of the other, and both come to an end', () => {
  const move = fc.record({
    side: fc.nat({ max: 1 }),
    choice: fc.nat({ max: 9 }),
    size: fc.integer({ min: 1, max: 32_768 }),
  })
  fc.assert(
    fc.property(fc.array(move, { maxLength: 120 }), (moves) => {
      const machines: readonly [Machine, Machine] = [
        { state: opening, unread: 0, said: [] },
        { state: offered, unread: 0, said: [] },
      ]
      const apply = (machine: Machine, { state, actions }: Step): void => {
        machine.state = state
        for (const action of actions satisfies readonly Action[]) {
          if (action.type === 'say') machine.said.push(action.payload)
          if (action.type === 'data') machine.unread += action.d.length
          assert.ok(machine.unread <= STREAM_WINDOW)
        }
      }
      const deliver = (from: Machine, to: Machine): boolean => {
        const payload = from.said.shift()
        if (payload === undefined || payload.k === 'stream') return false
        apply(to, hear(to.state, payload))
        return true
      }
      for (const { side, choice, size } of moves) {
        const [one, other] = side === 0 ? machines : ([machines[1], machines[0]] as const)
        if (choice > 5) {
          deliver(other, one)
          continue
        }
        const deed = choose(one.state, choice, size, one.unread)
        if (deed === null) continue
        if (deed.type === 'take') one.unread = 0
        apply(one, act(one.state, deed))
      }
      for (const machine of machines) apply(machine, act(machine.state, { type: 'reset', code: CODE }))
      while (deliver(...machines) || deliver(machines[1], machines[0]));
      for (const { state } of machines) assert.equal(state.phase, 'over')
    }),
    { numRuns: runs(2_000) },
  )
})

test('a step that is refused is a ConnectionError, and the state is a value', () => {
  assert.throws(() => hear(over, DATA), ConnectionError)
  const before = structuredClone(opened)
  hear(opened, DATA)
  act(opened, { type: 'end' })
  assert.deepEqual(opened, before)
})
