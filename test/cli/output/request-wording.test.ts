import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requestFields } from '../../../src/cli/output/request-event.ts'
import { wrap } from '../../../src/cli/output/sanitize.ts'
import { wording } from '../../../src/cli/output/wording.ts'
import { REQUESTS_MAX } from '../../../src/core/limits/request-limits.ts'
import { OWN, PEER, requestOf } from '../chat/happenings.ts'

const linesOf = (waiting: number): readonly string[] =>
  wording.request({ event: 'request', ...requestFields(requestOf(waiting)), waiting })

test('a crowd of strangers takes less than a screen, however many come', () => {
  const crowd = Array.from({ length: REQUESTS_MAX }, (_, index) => linesOf(index + 1)).flat()
  assert.ok(crowd.length < 40, `${crowd.length}`)
  // Once the list is full, each that comes pushes out another: nothing is told of that.
  assert.deepEqual(linesOf(REQUESTS_MAX), [])
})

test('the first few are shown whole, in rows that fit 80 columns', () => {
  const [first = '', address] = linesOf(1)
  assert.match(first, /\[1\]/)
  assert.equal(address, `  ${PEER}`)
  for (const line of linesOf(1)) assert.deepEqual(wrap(line, 80), [line])
})

test('what is told of people names them as they are called here, or by the short form that /to takes', () => {
  const peer = PEER
  for (const [lines, pattern] of [
    [wording['let-in']({ event: 'let-in', peer, name: 'Bob' }), /^\* Bob is let in.*\/to Bob$/],
    [wording['let-in']({ event: 'let-in', peer, name: null }), /\/to hf1kh9wk63pe…9zse$/],
    [wording.addressee({ event: 'addressee', peer, name: 'Bob', lines: 0 }), /goes to Bob$/],
    [wording.addressee({ event: 'addressee', peer, name: null, lines: 2 }), /…9zse, with 2 lines that were kept$/],
    [wording.addressee({ event: 'addressee', peer: null, name: null, lines: 0 }), /nobody$/],
    [wording.refused({ event: 'refused', peer: OWN, messages: 0 }), /is refused$/],
    [wording.refused({ event: 'refused', peer: OWN, messages: 2 }), /2 messages deleted$/],
    [wording.requests({ event: 'requests', waiting: 0 }), /nobody waits/],
    [wording.requests({ event: 'requests', waiting: 2 }), /2 wait: .*\/accept/],
    [wording.kept({ event: 'kept', lines: 1 }), /to whom\?/],
    [wording.dropped({ event: 'dropped', lines: 1 }), /1 line dropped/],
    [wording.waits({ event: 'waits', ...requestFields(requestOf(7)) }), /\[7\] .*, connected, 0 messages$/],
  ] as const) {
    assert.equal(lines.length, 1)
    assert.match(lines[0] ?? '', pattern)
  }
})
