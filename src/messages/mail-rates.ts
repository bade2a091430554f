import { CONTACT_HELLOS, CONTACTS_HELLOS } from '../core/limits/contact-rates.ts'
import {
  STRANGER_HELLOS,
  STRANGER_MESSAGES,
  STRANGERS_HELLOS,
  STRANGERS_MESSAGES,
} from '../core/limits/stranger-rates.ts'
import { createMeter } from '../core/meter.ts'
import type { World } from '../core/world.ts'

/** How often mail is let in that costs work, or room for as long as prekeys are kept, whatever it says. */
export type MailRates = {
  /** Whether one more session of that peer is begun now. */
  mayBegin(peer: Uint8Array): boolean
  /** One was, or its hello was of no use. */
  began(peer: Uint8Array): void
  /** Whether a bundle without messages is taken now. */
  mayConfirm(peer: Uint8Array): boolean
  confirmed(peer: Uint8Array): void
}

export const createMailRates = (
  { clock }: Pick<World, 'clock'>,
  isContact: (peer: Uint8Array) => boolean,
): MailRates => {
  const hellos = {
    contacts: createMeter({ each: CONTACT_HELLOS, all: CONTACTS_HELLOS }),
    strangers: createMeter({ each: STRANGER_HELLOS, all: STRANGERS_HELLOS }),
  }
  const receipts = createMeter({ each: STRANGER_MESSAGES, all: STRANGERS_MESSAGES })
  const hellosOf = (peer: Uint8Array) => (isContact(peer) ? hellos.contacts : hellos.strangers)
  return {
    mayBegin: (peer) => hellosOf(peer).wait(peer, 0, clock()) === 0,
    began: (peer) => hellosOf(peer).take(peer, 0, clock()),
    mayConfirm: (peer) => isContact(peer) || receipts.wait(peer, 0, clock()) === 0,
    confirmed: (peer) => {
      if (!isContact(peer)) receipts.take(peer, 0, clock())
    },
  }
}
