import { equal } from '../core/bytes.ts'
import { ConnectionError, MessageError } from '../core/errors.ts'
import { LETTER_WINDOW } from '../core/limits.ts'
import type { StoredLetter } from '../store/letters.ts'
import { type LetterPayload, letterContent, type Payload } from './payloads.ts'

/**
 * Letters on one connection (docs/spec/conversation.md §2). Both sides first say what they have got and that they are `ready`; then
 * each sends what the other lacks, in order, at most 64 ahead of what the other has on its disk.
 *
 *     waiting --ready--> sending --(64 ahead)--> waiting for `got` --got--> sending …      `ready` again: from the last `got` on
 */
export type LetterLine = {
  /** Encrypts at once, in the order of the calls; resolves when there was room for it on the way. */
  say(payload: Payload): Promise<void>
  /** Ends the connection. */
  end(error: Error): void
}

export type LetterHandler = {
  /** @throws ConnectionError ERR_FRAME when the other side keeps no rule */
  handle(payload: Extract<Payload, { k: 'letter' | 'got' | 'ready' }>): void
  /** The connection has ended. */
  detach(): void
}

/** What a line needs of the store and of those that wait; everything it is given back is on disk. */
export type LetterDesk = {
  /** How far their streams are here, the latest first. */
  places(): readonly { readonly stream: Uint8Array; readonly have: number }[]
  /** Whether that is the stream of our letters to them. */
  isOurs(stream: Uint8Array): boolean
  pending(after: number, limit: number): readonly StoredLetter[]
  /** The number that letter follows: those between them were given up. */
  before(number: number): number
  sent(upTo: number): Promise<void>
  delivered(upTo: number): Promise<void>
  /** Takes letters in, in their order: how many there was room for, and what tells the application of them. */
  receive(letters: readonly LetterPayload[]): Promise<{ readonly taken: number; announce(): void }>
  /** Whether another letter of theirs can be taken in. */
  hasRoom(): boolean
  /** Something may be sendable now, on this line or another. */
  poke(): void
}

export type OpenLetterLine = LetterHandler & {
  /** whether the other side has said what it has got */
  readonly ready: boolean
  /** Sends what is pending. Only one line of a peer is told to. */
  pump(): void
  /** There is room again for letters that were refused. */
  invite(): void
}

export const openLetterLine = (line: LetterLine, desk: LetterDesk): OpenLetterLine => {
  let ready = false
  let closed = false
  let pumping = false
  /** the last number that the other side has got, and that was sent on this line */
  let got = 0
  let sent = 0
  let incoming: LetterPayload[] = []
  let storing = false
  /** the first letter that was refused for want of room: what follows is passed over until it comes again */
  let refused: LetterPayload | null = null
  let invited = false
  /** counts how often sending was begun anew */
  let begun = 0

  const fail = (error: unknown): void => {
    if (!closed) line.end(error instanceof Error ? error : new Error(String(error)))
  }
  /** Saying fails only when the connection has ended, which is told elsewhere. */
  const say = (payload: Payload): Promise<void> => line.say(payload).catch(() => {})

  const pump = async (): Promise<void> => {
    if (pumping) return
    pumping = true
    try {
      while (ready && !closed) {
        const letters = desk.pending(sent, LETTER_WINDOW - (sent - got))
        if (letters.length === 0) return
        const beginning = begun
        for (const letter of letters) {
          sent = letter.number
          await say({ k: 'letter', s: letter.stream, ...letterContent(letter, desk.before(letter.number)) })
          if (closed) return
          if (begun !== beginning) break
        }
        await desk.sent(sent)
      }
    } finally {
      pumping = false
    }
  }
  const invite = (): void => {
    if (refused === null || invited || closed) return
    invited = true
    void say({ k: 'ready' })
  }

  const store = async (): Promise<void> => {
    if (storing) return
    storing = true
    try {
      while (incoming.length > 0 && !closed) {
        const letters = incoming
        incoming = []
        const { taken, announce } = await desk.receive(letters)
        if (taken < letters.length) {
          refused = letters[taken] ?? null
          incoming = []
          // The application may have taken some while these were on their way, and takes none that are not here.
          if (desk.hasRoom()) invite()
        }
        const last = letters[taken - 1]
        // The receipt goes first: the application may end the connection over what it reads.
        const receipt = last === undefined ? undefined : say({ k: 'got', s: last.s, n: last.n })
        announce()
        await receipt
      }
    } finally {
      storing = false
    }
  }

  const takeIn = (letter: LetterPayload): void => {
    if ((letter.text === null) === (letter.data === null))
      throw new ConnectionError('ERR_FRAME', { hint: 'a letter is text or data' })
    if (refused !== null) {
      if (!invited || letter.n !== refused.n || !equal(letter.s, refused.s)) return
      refused = null
      invited = false
    }
    if (incoming.length >= LETTER_WINDOW)
      throw new ConnectionError('ERR_FRAME', { hint: 'more letters than the window allows' })
    incoming.push(letter)
    store().catch((error: unknown) => {
      const gap = error instanceof MessageError && error.code === 'ERR_MESSAGE_GAP'
      fail(gap ? new ConnectionError('ERR_FRAME', { hint: 'a letter is missing', cause: error }) : error)
    })
  }

  /** A repeated one says that letters were refused: they are sent again. */
  const getReady = (): void => {
    begun += 1
    sent = got
    ready = true
    desk.poke()
  }

  for (const { stream, have } of desk.places()) void say({ k: 'got', s: stream, n: have })
  void say({ k: 'ready' })

  return {
    get ready() {
      return ready && !closed
    },
    pump: () => void pump().catch(fail),
    invite,
    handle: (payload) => {
      if (payload.k === 'letter') takeIn(payload)
      else if (payload.k === 'ready') getReady()
      else if (desk.isOurs(payload.s) && payload.n > got) {
        got = payload.n
        sent = Math.max(sent, got)
        desk.delivered(got).then(desk.poke, fail)
      }
    },
    detach: () => {
      closed = true
      desk.poke()
    },
  }
}
