import { hex } from '../../src/core/bytes.ts'
import { encodeCbor } from '../../src/core/cbor.ts'
import { ladderOf, messageId, nextPlace, type Place, sequenceStart } from '../../src/core/places.ts'
import { makeBytes } from '../core/identities.ts'
import type { VectorMakers } from './vector-files.ts'

/**
 * vectors/places: `messages` that the identity `from` writes to the identity `to` for the application `app`, in the sequence `s`, have these
 * `ids` and, in this order, these `places`; `start` is c_0. `ladder`: the numbers of the earlier places that a receipt for the last one names.
 */

type Case = {
  readonly description: string
  readonly app?: string
  readonly sequence?: string
  readonly bodies: readonly Uint8Array[]
  /** made of another `r` each, unless all are of the same */
  readonly same?: boolean
  readonly at?: number
}

const from = makeBytes('vectors/places/from', 32)
const to = makeBytes('vectors/places/to', 32)

const text = (d: string): Uint8Array => encodeCbor({ t: 'text', d })

const made = ({
  description,
  app = 'handfast',
  sequence = 's',
  bodies,
  same = false,
  at = 1_767_225_600_123,
}: Case) => {
  const s = makeBytes(`vectors/places/${sequence}`, 16)
  const start = sequenceStart({ from, to, app }, s)
  let place: Place = start
  const messages = bodies.map((b, index) => {
    const content = { r: makeBytes(`vectors/places/r/${same ? 0 : index}`, 16), at: at + index, b }
    const m = messageId({ from, to, app }, content)
    place = nextPlace(place, m)
    return { said: { r: hex(content.r), at: content.at, b: hex(b) }, m: hex(m), c: hex(place.c) }
  })
  return {
    ...{ description, from: hex(from), to: hex(to), app, s: hex(s), messages: messages.map(({ said }) => said) },
    ...{ start: hex(start.c), ids: messages.map(({ m }) => m), places: messages.map(({ c }) => c) },
    ladder: ladderOf(messages.length),
  }
}

export const placesVectors: VectorMakers = {
  one: () => made({ description: 'one message, and where its sequence begins', bodies: [text('hello')] }),
  three: () => made({ description: 'each place commits to all before it', bodies: ['one', 'two', 'three'].map(text) }),
  'other-application': () =>
    made({ description: 'the same message for another application', app: 'chess/1', bodies: [text('hello')] }),
  'other-sequence': () =>
    made({
      description: 'the same message in another sequence has the same id',
      sequence: 'another',
      bodies: [text('hello')],
    }),
  data: () =>
    made({
      description: 'bytes, and none',
      bodies: [encodeCbor({ t: 'data', d: makeBytes('vectors/places/d', 20) }), text('')],
    }),
  newer: () =>
    made({ description: 'a kind that this version does not know', bodies: [encodeCbor({ t: 'read', m: [from] })] }),
  'said-twice': () =>
    made({
      description: 'the same words at another time are another message',
      bodies: ['again', 'again'].map(text),
      same: true,
    }),
  ladder: () =>
    made({
      description: 'the earlier places of a receipt for the 20th',
      bodies: Array.from({ length: 20 }, (_, n) => text(`${n}`)),
    }),
  'long-ago': () => made({ description: 'written in 1970', bodies: [text('hello')], at: 0 }),
}
