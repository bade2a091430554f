/** Mallory is given the whole conversation as it was below Handfast: no transport encryption, nothing left out. */

import { join } from 'node:path'
import { hex, utf8 } from '../../src/core/bytes.ts'
import { decodeAddress } from '../../src/index.ts'
import type { Alice } from '../alice.ts'
import type { Mallory } from '../mallory.ts'
import type { Introduction } from '../person.ts'
import type { Step } from '../stage.ts'
import { FILE, MESSAGES } from './talking.ts'

export type Overhearing = {
  readonly alice: Pick<Alice, 'saveCapture'>
  readonly mallory: Pick<Mallory, 'eavesdrop' | 'search' | 'tryKeys'>
  readonly people: { readonly alice: Introduction; readonly bob: Introduction }
  /** the file that was sent */
  readonly content: Uint8Array
  /** what went through the byte stream */
  readonly streamed: Uint8Array
  readonly folder: string
}

const PIECES = 8
const PIECE_BYTES = 16
const SAMPLE_LINE = 60

export const overhear = async (step: Step, overhearing: Overhearing): Promise<void> => {
  const capture = join(overhearing.folder, 'capture')
  await overhearing.alice.saveCapture(capture)
  const seen = await overhearing.mallory.eavesdrop(capture)
  const counts = Object.entries(seen.kinds).map(([kind, count]) => `${count} ${kind}`)
  const sample = hex(seen.sample)
  step.say('She gets more than any network shows: every frame that Handfast sent or')
  step.say('received, with the transport’s own encryption taken off.')
  step.show('frames', `${counts.join(', ')}: ${seen.bytes.toLocaleString('en')} bytes`)
  step.show('one msg', sample.slice(0, SAMPLE_LINE))
  step.show('', `${sample.slice(SAMPLE_LINE)}…`)
  step.checkAtLeast('bytes she has', seen.bytes, overhearing.content.length)
  await searchPlaintext(step, overhearing)
  await tryKeys(step, overhearing)
}

const piecesOf = (content: Uint8Array): readonly Uint8Array[] =>
  Array.from({ length: PIECES }, (_, index) => {
    const start = Math.floor((index * (content.length - PIECE_BYTES)) / (PIECES - 1))
    return content.subarray(start, start + PIECE_BYTES)
  })

const searchPlaintext = async (step: Step, { mallory, people, content, streamed }: Overhearing): Promise<void> => {
  const texts = [...MESSAGES.alice, ...MESSAGES.bob, FILE.name].map(utf8)
  const caller = [decodeAddress(people.alice.address), people.alice.root]
  const called = [decodeAddress(people.bob.address)]
  const found = await mallory.search([texts, piecesOf(content), piecesOf(streamed), caller, called])
  const [inTexts = -1, inPieces = -1, inStream = -1, ofCaller = -1, ofCalled = -1] = found
  step.say('How often she finds in them:')
  step.check('the messages, or the name of the file', inTexts, 0)
  step.check(`${PIECES} pieces of the file, of ${PIECE_BYTES} bytes each`, inPieces, 0)
  step.check('as many of what went through the stream', inStream, 0)
  step.check('who calls: Alice’s address or root key', ofCaller, 0)
  step.say('What is in the clear must be found, or the search proves nothing:')
  step.checkAtLeast('who is called: Bob’s address', ofCalled, 1)
}

const WAYS = 2
const LEAST_TRIED = 10

const tryKeys = async (step: Step, { mallory }: Overhearing): Promise<void> => {
  const { keys, tokens, ends, control, asBob } = await mallory.tryKeys()
  const tries = keys * tokens * WAYS
  step.say('She tries what went by, and what her own keys make of it, as keys:')
  step.checkAtLeast('keys', keys, LEAST_TRIED)
  step.checkAtLeast('tokens she tries them on', tokens, LEAST_TRIED)
  step.check(`ERR_FERNET_MAC, of ${tries} tries`, ends.ERR_FERNET_MAC ?? 0, tries)
  // The same tries on two tokens of her own: a key that fits would be noticed.
  step.check('tokens one of these keys made, opened', control.opened ?? 0, WAYS)
  step.check('answering the hello with her own keys', asBob, 'ERR_HELLO_SEALED')
}
