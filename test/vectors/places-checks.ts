import assert from 'node:assert/strict'
import { hex } from '../../src/core/bytes.ts'
import { ladderOf, messageId, nextPlace, type Place, sequenceStart } from '../../src/core/places.ts'
import { decodeBody } from '../../src/messages/body.ts'
import { fromHex } from '../core/test-bytes.ts'

/** What each vector of messages' ids and places says, held against the code; a mismatch throws. */

export type PlacesVector = {
  readonly from: string
  readonly to: string
  readonly app: string
  readonly s: string
  readonly messages: readonly { readonly r: string; readonly at: number; readonly b: string }[]
  readonly start: string
  readonly ids: readonly string[]
  readonly places: readonly string[]
  readonly ladder: readonly number[]
}

export const checkPlaces = ({ from, to, app, s, messages, start, ids, places, ladder }: PlacesVector): void => {
  const between = { from: fromHex(from), to: fromHex(to), app }
  let place: Place = sequenceStart(between, fromHex(s))
  assert.equal(hex(place.c), start)
  for (const [index, { r, at, b }] of messages.entries()) {
    decodeBody(fromHex(b))
    const id = messageId(between, { r: fromHex(r), at, b: fromHex(b) })
    place = nextPlace(place, id)
    assert.deepEqual([hex(id), hex(place.c)], [ids[index], places[index]])
  }
  assert.deepEqual([place.n, ladderOf(place.n)], [messages.length, ladder])
}
