/** Alice's transport is fooled into dialling Mallory, who dials Bob: two good encrypted streams with Mallory in the middle. */

import type { Alice } from '../alice.ts'
import type { Tampering } from '../attacks/between.ts'
import type { Bob } from '../bob.ts'
import type { Mallory } from '../mallory.ts'
import { endOf, type Step } from '../stage.ts'

export type Triangle = {
  readonly alice: Pick<Alice, 'divert' | 'forget' | 'connect' | 'sentKinds' | 'say' | 'hangUp'>
  readonly bob: Pick<Bob, 'visitors' | 'accept' | 'hear' | 'ending'>
  readonly mallory: Pick<Mallory, 'standBetween' | 'relayOne'>
  /** Bob's address */
  readonly address: string
}

const WAYS: readonly { readonly tampering: Tampering; readonly name: string; readonly end: string }[] = [
  { tampering: 'unchanged', name: 'relays every frame as it is', end: 'CardError ERR_CARD_CHANNEL' },
  {
    tampering: 'prekeys-under-his-signature',
    name: 'puts her prekeys under Bob’s signature',
    end: 'CardError ERR_CARD_SIGNATURE',
  },
  {
    tampering: 'prekeys-signed-by-her',
    name: 'signs a card with her prekeys herself',
    end: 'CardError ERR_CARD_SIGNATURE',
  },
  { tampering: 'own-identity', name: 'shows her own log and card', end: 'KeyLogError ERR_LOG_SEQ' },
]

export const standBetween = async (step: Step, { alice, bob, mallory, address }: Triangle): Promise<void> => {
  step.say('Alice’s transport is made to dial Mallory and to swear that it dialled Bob;')
  step.say('Mallory dials Bob. Both streams are encrypted, and both end at her.')
  step.say('What Alice’s call ends in when Mallory')
  const before = await bob.visitors()
  await alice.divert(await mallory.standBetween())
  await alice.forget()
  let [bytes, cards, hellos] = [0, 0, 0]
  for (const { tampering, name, end } of WAYS) {
    // A call that wrongly succeeds is ended, so that the relay ends too.
    const call = alice.connect(address).then(() => alice.hangUp())
    const [relayed] = await Promise.all([mallory.relayOne(tampering), call.catch(() => undefined)])
    step.check(name, await endOf(call), end)
    bytes += relayed.bytes
    cards += relayed.fromBob.card ?? 0
    hellos += relayed.fromAlice.hello ?? 0
  }
  const after = await bob.visitors()
  const sent = await alice.sentKinds()
  step.show('Mallory', `saw ${bytes.toLocaleString('en')} bytes, and ${cards} live cards of Bob’s`)
  step.check('streams she opened to Bob', after.streams - before.streams, WAYS.length)
  step.check('connections Bob accepted', after.accepted - before.accepted, 0)
  step.check('hellos Alice sent, hellos Mallory got', `${sent.hello ?? 0}, ${hellos}`, '0, 0')
  await alice.divert(null)
  await callAgain(step, { alice, bob, address })
}

/** The same call without Mallory must succeed, or its failures before prove nothing. */
const callAgain = async (step: Step, { alice, bob, address }: Omit<Triangle, 'mallory'>): Promise<void> => {
  const [ended] = await Promise.all([endOf(alice.connect(address)), bob.accept()])
  step.check('Mallory is out of the way', ended, 'no error')
  const text = 'There was somebody on the line.'
  const [, heard] = await Promise.all([alice.say(text), bob.hear()])
  step.check('and Bob hears Alice again', heard, text)
  await Promise.all([alice.hangUp(), bob.ending()])
}
