import { DirectoryError } from '../core/errors.ts'
import type { KeyLog } from '../core/key-log.ts'
import type { Publication } from '../directory/client/publish.ts'
import type { ContactEvent } from './contact-events.ts'
import type { JumpWatch } from './jump-watch.ts'
import { createOwnCheck, type OwnCheckParts } from './own-check.ts'
import type { Publisher } from './publisher.ts'

/**
 * Says where this peer is, and nothing before it has looked whether it may: what is announced and mailed comes from a data folder that
 * is what it was, and runs once (docs/spec/store.md §6).
 */
export type Announcer = {
  /** Looks after the own store. @returns whether a new incarnation began @throws StoreError ERR_STORE_TWIN */
  look(): Promise<boolean>
  /** Looks, unless that was just done, and publishes. @throws those of `Publisher.publish`; StoreError ERR_STORE_TWIN */
  announce(deadline: () => AbortSignal, options?: { readonly looked?: boolean }): Promise<Publication>
  /** Before a connection: in a folder that is in another place than it was, the first thing done is to look. */
  beforeConnecting(): Promise<void>
  /** Before anything is left at a mailbox or fetched from one: it was looked, and a card names the present incarnation. */
  beforeMail(): Promise<void>
  /** Holds what the directory was found to have against the own store. */
  weigh: ReturnType<typeof createOwnCheck>['weigh']
  /** Somebody says that he is a twin of ours. */
  told(): void
  stop(): void
}

export type AnnouncerParts = Omit<OwnCheckParts, 'jumped'> & {
  /** stopped with the announcer */
  readonly jumps: JumpWatch
  readonly publisher: Publisher
  /** Tells what happened. */
  readonly emit: (event: ContactEvent) => void
}

const hasCard = ({ last }: KeyLog): boolean => last.entry.status === 'active'

export const createAnnouncer = (parts: AnnouncerParts): Announcer => {
  const { identity, self, publisher, emit, deadline, jumps } = parts
  let stopped = false
  let announcing: Promise<unknown> | undefined

  const announce: Announcer['announce'] = async (until, { looked = false } = {}) => {
    if (!looked) await check.look()
    const publication = await publisher.publish(until).catch(async (error: unknown) => {
      // Nodes refuse a serial that is not above the one they have: somebody else's, perhaps.
      if (!(error instanceof DirectoryError) || !(await check.look())) throw error
      return publisher.publish(until)
    })
    if (publication.refusals.has('ERR_CARD_SERIAL') && (await check.look())) return announce(until, { looked: true })
    check.announced()
    return publication
  }

  /** One announcement for all who wait for one. */
  const announceOnce = (): Promise<unknown> => {
    announcing ??= announce(() => deadline(), { looked: true }).finally(() => {
      announcing = undefined
    })
    return announcing
  }

  /** A new incarnation that was begun between two announcements is announced, by who has announced itself before. */
  const follow = (looking: Promise<boolean>): void => {
    const done = looking.then(async (began) => {
      if (began && publisher.records().card !== undefined) await announceOnce()
    })
    done.catch((error: unknown) => {
      if (!stopped) emit({ type: 'not-published', error })
    })
  }

  const check = createOwnCheck({ ...parts, jumped: jumps.jumped })
  const endJumps = jumps.onJump((_, asked) => {
    // Who asked looks by himself.
    if (!asked) follow(check.look())
  })

  return {
    look: check.look,
    announce,
    beforeConnecting: async () => {
      if (self.state().moved) await check.ready()
    },
    beforeMail: async () => {
      await check.ready()
      if (hasCard(identity.log) && !check.isAnnounced()) await announceOnce()
    },
    weigh: check.weigh,
    told: () => follow(check.told()),
    stop: () => {
      stopped = true
      endJumps()
      jumps.stop()
    },
  }
}
