import type { Rates } from '../meter.ts'

/** What contacts have a rate for, each of them: what costs more than it says. All of them together have none. Each with its reason. */

/** What has no size, or as many as there are. */
const ANY = { burst: Number.MAX_SAFE_INTEGER, perSecond: Number.MAX_SAFE_INTEGER }

/** Sessions by mailbox that each begins: a folder that is put back begins anew, and none uses a card up, which is good for 10,000. */
export const CONTACT_HELLOS: Rates = { count: { burst: 64, perSecond: 0.01 }, bytes: ANY }
export const CONTACTS_HELLOS: Rates = { count: ANY, bytes: ANY }

/** Files of a contact that its owner refuses, two lines each, before they are refused without a word: one a minute goes on to be told. */
export const CONTACT_REFUSALS: Rates = { count: { burst: 32, perSecond: 1 / 60 }, bytes: ANY }
export const CONTACTS_REFUSALS: Rates = { count: ANY, bytes: ANY }
