import { hex, type RandomBytes } from '../../src/core/bytes.ts'
import { hkdf, secretKey, sha256 } from '../../src/core/kdf.ts'
import { decapsulate, exportKem, KEM_SEED_BYTES } from '../../src/core/kem.ts'
import { dh, exportPrivateKey, importPrivateKey, SCALAR_BYTES } from '../../src/core/p256.ts'
import { pad } from '../../src/core/padding.ts'
import { stepChainKey } from '../../src/core/session/chain-key.ts'
import { stepRootKey } from '../../src/core/session/root-key.ts'
import {
  decryptMessage,
  encryptMessage,
  initiateSession,
  type Message,
  respondSession,
  type Session,
} from '../../src/core/session/session.ts'
import { encodeSession } from '../../src/core/session/snapshot.ts'
import { at } from '../core/identities.ts'
import { fromHex } from '../core/test-bytes.ts'

/** Plays a conversation and writes down every value that comes up in it. */

export type SideName = 'initiator' | 'responder'

/** What happens: a side sends `text`, or receives message number `receive` of the conversation. */
export type Happening =
  | { readonly side: SideName; readonly now: number; readonly text: string }
  | { readonly side: SideName; readonly now: number; readonly receive: number }

/** One sending chain: the step it came from and what its headers say of the KEM. */
export type ChainTrace = {
  readonly sender: SideName
  readonly remote: string
  readonly self: string
  readonly dh: string
  readonly shared: string
  /** the encapsulation for the KEM key of the chain before */
  readonly ct?: string
  readonly ss?: string
  readonly rk: string
  readonly ck: string
  /** the KEM key that this chain offers, and the seed of its private half */
  kem?: string
  kemSeed?: string
}

export type MessageTrace = {
  readonly chain: number
  readonly now: number
  readonly iv: string
  readonly ck: string
  readonly mk: string
  readonly header: string
  readonly fernetKey: string
  readonly plaintext: string
  readonly padded: string
  readonly token: string
}

export type Trace = {
  readonly id: string
  readonly rootKey: string
  readonly spk: string
  readonly begun: number
  readonly chains: readonly ChainTrace[]
  readonly messages: readonly MessageTrace[]
  readonly events: readonly { readonly [field: string]: string | number }[]
  readonly after: { readonly [side in SideName]: string }
}

export type Begin = Pick<Trace, 'id' | 'rootKey' | 'spk' | 'begun'>

const other = (side: SideName): SideName => (side === 'initiator' ? 'responder' : 'initiator')

/** Randomness that has been written down, by what it was for, which its size says. */
export const replayed = ({ chains, messages }: Pick<Trace, 'chains' | 'messages'>, side: SideName): RandomBytes => {
  const own = chains.filter(({ sender }) => sender === side)
  const left: { readonly [size: number]: string[] } = {
    [SCALAR_BYTES]: own.map(({ self }) => self),
    [KEM_SEED_BYTES]: own.flatMap(({ kemSeed }) => kemSeed ?? []),
    16: messages.filter(({ chain }) => at(chains, chain).sender === side).map(({ iv }) => iv),
  }
  return (size) => fromHex(left[size]?.shift() ?? '')
}

/**
 * @param encapsulated what encapsulation gave, when it is played again: for the chain of this number, as OpenSSL draws
 *   its randomness itself
 */
export const traceConversation = (
  begin: Begin,
  happenings: readonly Happening[],
  random: { readonly [side in SideName]: RandomBytes },
  encapsulated: (chain: number) => { readonly ct: string; readonly ss: string } | null = () => null,
): Trace => {
  const { begun: now } = begin
  const spk = importPrivateKey(fromHex(begin.spk))
  const rootKey = () => secretKey(fromHex(begin.rootKey))
  const chains: ChainTrace[] = []
  const chainOf: { [side in SideName]: number } = { initiator: 0, responder: -1 }
  const messages: MessageTrace[] = []
  const sent: Message[] = []
  const events: { readonly [field: string]: string | number }[] = []
  const sides: { [side in SideName]: Session } = {
    initiator: initiateSession(fromHex(begin.id), rootKey(), spk.publicKey, { now, random: random.initiator }),
    responder: respondSession(fromHex(begin.id), rootKey(), spk, now),
  }

  const noteChain = (side: SideName, ss: Uint8Array | null): void => {
    const { self, remote, sending, rootKey: rk } = sides[side]
    if (remote === null || sending === null) throw new Error('no chain')
    chainOf[side] = chains.length
    chains.push({
      sender: side,
      remote: hex(remote),
      self: hex(exportPrivateKey(self)),
      dh: hex(self.publicKey),
      shared: hex(dh(remote, self)),
      ...(ss === null || sending.answer === null ? {} : { ct: hex(sending.answer), ss: hex(ss) }),
      rk: hex(rk.export()),
      ck: hex(sending.key.export()),
    })
  }

  /** Puts what encapsulation gave the first time into a session that has just answered a KEM key. */
  const encapsulateAgain = (side: SideName, received: number): Uint8Array | null => {
    const session = sides[side]
    const offer = sides[other(side)].sending?.offer
    const again = encapsulated(chains.length)
    if (session.sending?.answer == null || !offer || session.remote === null) return null
    if (again === null) return decapsulate(offer, session.sending.answer)
    const before = secretKey(fromHex(at(chains, received).rk))
    const step = stepRootKey(before, session.remote, session.self, fromHex(again.ss))
    const sending = { ...session.sending, key: step.chainKey, answer: fromHex(again.ct) }
    sides[side] = { ...session, rootKey: step.rootKey, sending }
    return fromHex(again.ss)
  }

  const send = (side: SideName, time: number, text: string): void => {
    const before = sides[side]
    const plaintext = Uint8Array.from(Buffer.from(text))
    const { session, message } = encryptMessage(before, plaintext, { now: time, random: random[side] })
    if (before.sending === null) throw new Error('no chain')
    sides[side] = session
    const chain = at(chains, chainOf[side])
    const { offer } = session.sending ?? { offer: null }
    if (offer !== null) Object.assign(chain, { kem: hex(offer.publicKey), kemSeed: hex(exportKem(offer)) })
    const { messageKey } = stepChainKey(before.sending)
    const { header, token } = message
    messages.push({
      chain: chainOf[side],
      now: time,
      iv: hex(token.slice(9, 25)),
      ck: hex(before.sending.key.export()),
      mk: hex(messageKey.export()),
      header: hex(header),
      fernetKey: hex(hkdf(sha256(header), messageKey, 'handfast/v1/message', 32)),
      plaintext: hex(plaintext),
      padded: hex(pad(plaintext)),
      token: hex(token),
    })
    events.push({ side, now: time, send: sent.length })
    sent.push(message)
  }

  const receive = (side: SideName, time: number, index: number): void => {
    const { session, plaintext } = decryptMessage(sides[side], at(sent, index), { now: time, random: random[side] })
    if (hex(plaintext) !== at(messages, index).plaintext) throw new Error('another plaintext')
    const begins = !Buffer.from(session.self.publicKey).equals(sides[side].self.publicKey)
    sides[side] = session
    if (begins) noteChain(side, encapsulateAgain(side, at(messages, index).chain))
    events.push({ side, now: time, receive: index })
  }

  noteChain('initiator', null)
  for (const happening of happenings)
    if ('text' in happening) send(happening.side, happening.now, happening.text)
    else receive(happening.side, happening.now, happening.receive)
  const after = { initiator: hex(encodeSession(sides.initiator)), responder: hex(encodeSession(sides.responder)) }
  return { ...begin, chains, messages, events, after }
}
