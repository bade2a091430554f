import assert from 'node:assert/strict'
import { type SignedCard, signCard } from '../../src/core/card.ts'
import type { ErrorCode } from '../../src/core/errors.ts'
import { kemHalves } from '../../src/core/kem.ts'
import type { KeyLog } from '../../src/core/key-log.ts'
import type { Storage } from '../../src/directory/node/storage.ts'
import {
  COMMAND,
  decodeGetAnswer,
  decodeGetKemHalfAnswer,
  decodePutAnswer,
  encodeMessage,
  type GetAnswer,
  type PutRequest,
} from '../../src/directory/request-format.ts'
import { at, type Identity, makeBytes, NOW, type Prekeys } from '../core/identities.ts'

/** What the directory's tests put, and how they read it back. */

export const entryPut = (log: KeyLog, seq: number = -1): PutRequest => ({
  t: 'entry',
  id: log.id,
  d: at(log.entries, seq).envelope,
})

export const cardPut = ({ card, envelope }: SignedCard): PutRequest => ({ t: 'card', id: card.id, d: envelope })

export const kemPut = ({ card, hash }: SignedCard, { kem }: Prekeys, half: 0 | 1): PutRequest => {
  const halves = kemHalves(kem.publicKey)
  return { t: 'kem', id: card.id, card: hash, half, d: halves[half] }
}

/** Every PUT of a publication, in order. */
export const allPuts = (log: KeyLog, card?: SignedCard, prekeys?: Prekeys): readonly PutRequest[] => [
  ...log.entries.map((_, seq) => entryPut(log, seq)),
  ...(card === undefined ? [] : [cardPut(card)]),
  ...(card === undefined || prekeys === undefined ? [] : [kemPut(card, prekeys, 0), kemPut(card, prekeys, 1)]),
]

/** A card for any log of the identity, not only its own. */
export const cardFor = (
  log: KeyLog,
  { devices }: Identity,
  { spk, kem }: Prekeys,
  { device = 0, serial = NOW * 1000, inc = makeBytes('inc', 16), age, mailboxes = [] }: Partial<CardChoice> = {},
): SignedCard =>
  signCard(log, at(devices, device).sign, {
    device,
    now: serial,
    inc,
    spk: spk.publicKey,
    kem: kem.publicKey,
    transport: makeBytes('transport', 32),
    mailboxes,
    ...(age === undefined ? {} : { age }),
  })

type CardChoice = {
  readonly device: number
  readonly serial: number
  readonly inc: Uint8Array
  readonly age: number | undefined
  readonly mailboxes: readonly Uint8Array[]
}

export type Times = { readonly now?: number; readonly proven?: boolean; readonly from?: string }

/** Puts one record: null when it was accepted, else why not. */
export const put = (
  storage: Storage,
  request: PutRequest,
  { now = NOW, proven = true, from }: Times = {},
): ErrorCode | null => {
  const answer = storage.handle(COMMAND.put, encodeMessage(request), { now, proven, from })
  assert.ok(answer !== null, 'a PUT with a token is always answered')
  return decodePutAnswer(answer).refused
}

/** Puts records that must all be accepted. */
export const putAll = (storage: Storage, requests: readonly PutRequest[], times: Times = {}): void => {
  for (const request of requests) assert.equal(put(storage, request, times), null)
}

export const get = (storage: Storage, id: Uint8Array, { from = 0, now = NOW } = {}): GetAnswer => {
  const answer = storage.handle(COMMAND.get, encodeMessage({ id, from }), { now, proven: false })
  assert.ok(answer !== null)
  return decodeGetAnswer(answer)
}

export type Held = {
  readonly tip: Uint8Array | null
  readonly entries: readonly Uint8Array[]
  readonly cards: readonly Uint8Array[]
  readonly pages: readonly GetAnswer[]
}

/** Everything a node serves of an identity, read page by page. */
export const readAll = (storage: Storage, id: Uint8Array, now: number = NOW): Held => {
  const pages: GetAnswer[] = []
  let from = 0
  for (;;) {
    const page = get(storage, id, { from, now })
    pages.push(page)
    const more = page.entries.length + page.cards.length
    from += more
    if (more === 0 || from >= page.entryCount + page.cardCount) break
  }
  return {
    tip: at(pages, 0).tip,
    entries: pages.flatMap(({ entries }) => entries),
    cards: pages.flatMap(({ cards }) => cards),
    pages,
  }
}

export const getKemHalf = (
  storage: Storage,
  { card, hash }: SignedCard,
  half: number,
  now: number = NOW,
): Uint8Array | null => {
  const request = encodeMessage({ id: card.id, card: hash, half })
  const answer = storage.handle(COMMAND.getKemHalf, request, { now, proven: false })
  assert.ok(answer !== null)
  return decodeGetKemHalfAnswer(answer).half
}

/** Everything that can be asked about an identity and some cards, to compare before and after. */
export const snapshot = (storage: Storage, id: Uint8Array, cards: readonly SignedCard[] = []): unknown => ({
  size: storage.size,
  held: readAll(storage, id),
  halves: cards.map((card) => [0, 1].map((half) => getKemHalf(storage, card, half))),
})
