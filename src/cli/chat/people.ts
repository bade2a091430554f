import { ContactError, UsageError } from '../../core/errors.ts'
import type { Peer } from '../../peer/peer.ts'
import type { PeerEvent } from '../../peer/peer-events.ts'
import type { Request } from '../../peer/request.ts'
import type { Requests } from '../../peer/requests.ts'
import type { Context } from '../context.ts'
import { reasonOf } from '../output/failure.ts'
import { requestFields } from '../output/request-event.ts'
import type { PeopleIntent } from './command-line-input.ts'
import type { Named, Recipient } from './recipient.ts'

/** What is typed about people: whom one talks to, and who is let in. */
export type People = {
  /** What goes wrong is reported, and never thrown. */
  say(intent: PeopleIntent): Promise<void>
  hear(event: PeerEvent): void
}

export type PeopleParts = {
  readonly peer: Pick<Peer, 'address' | 'requests'>
  readonly recipient: Recipient
  /** Whom a name, an address or a link names. @throws AddressError; ContactError ERR_CONTACT */
  readonly find: (who: string) => Named
  /** aborted when the command ends */
  readonly signal: AbortSignal
}

/** The requests of a number, or a range of numbers; null when it is neither. */
const numbered = (requests: Requests, who: string): readonly Request[] | null => {
  const [first, last = first] = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(who)?.slice(1) ?? []
  if (first === undefined) return null
  const found = requests.list().filter(({ id }) => id >= Number(first) && id <= Number(last))
  if (found.length === 0) throw new ContactError('ERR_REQUEST', { hint: who })
  return found
}

export const createPeople = (
  { emit }: Pick<Context, 'emit'>,
  { peer, recipient, find, signal }: PeopleParts,
): People => {
  const { requests } = peer

  const accept = async (who: string, name: string | undefined): Promise<void> => {
    // A range is for refusing: whom one lets in one looks at.
    const [one, ...others] = numbered(requests, who) ?? [{ address: find(who).address }]
    if (one === undefined || others.length > 0) throw new UsageError('ERR_USAGE', { hint: 'which one? /accept NUMBER' })
    const contact = await requests.accept(one.address, { name, signal })
    await emit({ event: 'let-in', peer: contact.address, name: contact.name })
  }
  const refuse = async (who: string): Promise<void> => {
    for (const { address } of numbered(requests, who) ?? [find(who)])
      await emit({ event: 'refused', peer: address, messages: await requests.refuse(address) })
  }
  const tell = async (who: string): Promise<void> => {
    if (who === '') for (const one of requests.list()) await emit({ event: 'waits', ...requestFields(one) })
    else
      for (const one of numbered(requests, who) ?? [])
        await emit({ event: 'request', ...requestFields(one), waiting: 1 })
    await emit({ event: 'requests', waiting: requests.list().length })
  }
  const turn = async (who: string): Promise<void> => {
    if (who === '') return recipient.turn(null)
    const to = find(who)
    await recipient.turn(to)
    // Whose address is given is who was meant.
    if (requests.list().some(({ address }) => address === to.address)) await accept(to.address, undefined)
  }

  const act = async (intent: PeopleIntent): Promise<void> => {
    if (intent.kind === 'to') await turn(intent.who)
    else if (intent.kind === 'accept') await accept(intent.who, intent.name)
    else if (intent.kind === 'refuse') await refuse(intent.who)
    else if (intent.kind === 'requests') await tell(intent.who)
    else await recipient.drop()
  }
  const report = (text: string, work: Promise<void>): Promise<void> =>
    work.catch(async (error: unknown) => {
      if (!signal.aborted) await emit({ event: 'not-sent', text, ...reasonOf(error) })
    })

  return {
    say: (intent) => report(intent.text, act(intent)),
    hear: (event) => {
      if (event.type !== 'request' || event.request.address !== recipient.address) return
      void report(`/accept ${event.request.id}`, accept(event.request.address, undefined))
    },
  }
}
