/** Mallory sends Bob again what Alice sent him, from the capture of their conversation. */

import type { Bob } from '../bob.ts'
import type { Mallory } from '../mallory.ts'
import type { Step } from '../stage.ts'

export type Replaying = {
  readonly bob: Pick<Bob, 'visitors' | 'accept' | 'ending'>
  readonly mallory: Pick<Mallory, 'replayHello' | 'replayMessage' | 'replayInside'>
  /** Mallory's own address */
  readonly address: string
}

export const replay = async (step: Step, { bob, mallory, address }: Replaying): Promise<void> => {
  step.say('On streams of her own to Bob, she sends Alice’s real frames again.')
  const before = await bob.visitors()
  const hello = await mallory.replayHello()
  const message = await mallory.replayMessage()
  const after = await bob.visitors()
  step.say('The card that Alice’s hello answers, and the one Bob made for Mallory:')
  step.show('then', hello.cards.then)
  step.show('now', hello.cards.now)
  step.check('Bob made a new card for this stream', hello.cards.then !== hello.cards.now, true)
  step.check('Bob’s answer to Alice’s hello', hello.answer, 'ERR_HELLO_CARD')
  step.check('Bob’s answer to her message alone', message.answer, 'ERR_FRAME')
  step.check('streams she opened to Bob', after.streams - before.streams, 2)
  step.check('connections Bob accepted', after.accepted - before.accepted, 0)

  step.say('Then she meets Bob as herself, and repeats Alice’s message to him.')
  const [answer, remote] = await Promise.all([mallory.replayInside(), bob.accept()])
  step.check('Bob sees Mallory’s own address', remote.address, address)
  step.check('Bob’s answer to Alice’s message', answer, 'ERR_SESSION_OTHER')
  step.check('Bob’s side ends in', await bob.ending(), 'SessionError ERR_SESSION_OTHER')
}
