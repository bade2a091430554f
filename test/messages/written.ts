import { hex } from '../../src/core/bytes.ts'
import { encodeCbor } from '../../src/core/cbor.ts'
import { type Between, messageId, nextPlace, type Place, sequenceStart } from '../../src/core/places.ts'
import { encodeBody } from '../../src/messages/body.ts'
import type { NewMessage } from '../../src/store/outgoing-messages.ts'
import { makeBytes } from '../core/identities.ts'

/** Messages as they are written down and said, with ids and places that are right. */

/** A message of ours, as it is queued. @param own our identity hash @param r what makes it another message than one that says the same */
export const written = (
  { from: own, to: peer, app }: Between,
  body: string | Uint8Array,
  { at = 0, r = makeBytes('random', 16) }: { readonly at?: number; readonly r?: Uint8Array } = {},
): NewMessage => {
  const b = typeof body === 'string' ? encodeBody(body) : body
  return { peer, app, m: messageId({ from: own, to: peer, app }, { r, at, b }), r, at, body: b }
}

/** What message `n` of a sequence says by default. */
const bodyOf = (n: number): Uint8Array => encodeCbor({ t: 'text', d: `${n}` })
const randomOf = (s: Uint8Array, n: number): Uint8Array => makeBytes(`random/${hex(s)}/${n}`, 16)

/** The first `count` messages of a sequence, each of which says its number. */
export const chain = (between: Between, s: Uint8Array, count: number) => {
  const said: { n: number; c: Uint8Array; r: Uint8Array; at: number; b: Uint8Array; m: Uint8Array }[] = []
  let place: Place = sequenceStart(between, s)
  for (let n = 1; n <= count; n++) {
    const content = { r: randomOf(s, n), at: 0, b: bodyOf(n) }
    const m = messageId(between, content)
    place = nextPlace(place, m)
    said.push({ n, c: place.c, ...content, m })
  }
  return said
}
