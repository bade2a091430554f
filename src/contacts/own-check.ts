import type { Answered } from '../connection/twin-dial.ts'
import { equal, hex } from '../core/bytes.ts'
import type { Card, SignedCard } from '../core/card.ts'
import { DirectoryError, StoreError } from '../core/errors.ts'
import type { Identity } from '../core/identity.ts'
import { weighOwnCard } from '../core/incarnation.ts'
import { compareLogs } from '../core/key-log.ts'
import { TWIN_DIALS, TWIN_RETRY, TWIN_TOLD_MS } from '../core/limits/own-check-limits.ts'
import { seconds, type World } from '../core/world.ts'
import type { Directory } from '../directory/client/directory.ts'
import type { Lookup } from '../directory/client/lookup.ts'
import type { SelfStore } from '../store/self-store.ts'
import type { ContactEvent } from './contact-events.ts'

/**
 * Whether this data folder is still the one its device's cards are of: it may have been put back to an earlier state, or run twice
 * (docs/spec/store.md §6). The directory remembers what a disk forgot.
 */
export type OwnCheck = {
  /** Looks unless it was looked, and nothing hints at a change since. @throws StoreError ERR_STORE_TWIN, ERR_STORE_* */
  ready(): Promise<void>
  /** Looks now. @returns whether a new incarnation began @throws as `ready` */
  look(): Promise<boolean>
  /** The same, with what was found in another way. */
  weigh(found: Seen): Promise<boolean>
  /** Somebody says that he is a twin of ours: no proof, but a reason to look at once. @returns as `look` */
  told(): Promise<boolean>
  /** Whether a card that names the present incarnation is, or was, in the directory. */
  isAnnounced(): boolean
  /** A card with the present incarnation has been published. */
  announced(): void
}

export type OwnCheckParts = {
  readonly identity: Pick<Identity, 'log' | 'device'>
  readonly directory: Directory
  readonly self: SelfStore
  readonly world: World
  /** Asks whoever stands behind a card of this device; null when nobody answers. */
  readonly ask: (card: Card) => Promise<Answered | null>
  readonly deadline: () => AbortSignal
  /** Whether this machine slept, or its clock was set, since this was asked last. */
  readonly jumped: () => boolean
  readonly emit: (event: ContactEvent) => void
  /** Ends everything this peer does: another one goes on. */
  readonly stop: (error: StoreError) => void
  /** Whether it is the other one that has to stop, when there is one at the first look. */
  readonly takeOver: boolean
}

/** What of a lookup is looked at. */
type Seen = Pick<Lookup, 'log' | 'devices'>

type State = {
  /** whether the first look, or one after a hint, is still to come */
  due: boolean
  stopped: StoreError | null
  takeOver: boolean
  /** whom to tell once our card is published */
  deposed: Answered | null
  announced: string | null
  /** when it was looked because somebody said so, milliseconds */
  told: number
}

/** Of the cards of this device under our own log, the latest. */
const latestOwn = ({ log, device }: OwnCheckParts['identity'], found: Seen): SignedCard | null =>
  compareLogs(found.log, log) === 'same' ? (found.devices.find((one) => one.device === device)?.card ?? null) : null

const twin = ({ from }: Card): StoreError =>
  new StoreError('ERR_STORE_TWIN', { hint: `its latest card is of ${new Date(from * 1000).toISOString()}` })

/** What is done about the own device's latest card. @returns whether a new incarnation began */
const createJudgement = (
  parts: OwnCheckParts,
  state: State,
): ((card: Card | null, told: boolean) => Promise<boolean>) => {
  const { self, world, ask, emit } = parts

  const stop = (error: StoreError): never => {
    state.stopped = error
    parts.stop(error)
    throw error
  }

  const begin = (cause?: { readonly serial: number }): void => {
    self.draw(cause === undefined ? undefined : { ...cause, now: seconds(world) })
    state.announced = null
  }

  /** Somebody who answers with another incarnation than ours. That we answer ourselves says nothing: the next dial may find another. */
  const findTwin = async (card: Card): Promise<Answered | null> => {
    const { inc } = self.state()
    for (let dials = 0; dials < TWIN_DIALS; dials++) {
      const answered = await ask(card)
      if (answered === null) return null
      if (!equal(answered.inc, inc)) return answered
      await answered.end()
    }
    return null
  }

  /** T4 and T5. @returns whether a new incarnation began */
  const meet = async (card: Card, told: boolean): Promise<boolean> => {
    if (told) return stop(twin(card))
    const answered = await findTwin(card)
    if (answered !== null && !state.takeOver) {
      await answered.end()
      return stop(twin(card))
    }
    state.deposed = answered
    const { issued, drawn, moved } = self.state()
    const overtaken = card.serial > issued
    // Two that cannot reach each other would begin anew for ever.
    const since = seconds(world) - drawn
    if (!moved && answered === null && since >= 0 && since < TWIN_RETRY) return false
    begin(overtaken ? card : undefined)
    if (overtaken) emit({ type: 'rolled-back', since: card.from })
    return true
  }

  return async (card, told) => {
    const finding = weighOwnCard(self.state(), card)
    if (card !== null) {
      if (finding === 'overtaken') return meet(card, told)
      if (finding === 'went-back') {
        begin(card)
        emit({ type: 'rolled-back', since: card.from })
        return true
      }
      if (finding === 'copied') {
        self.know(card.inc)
        emit({ type: 'copied', since: card.from })
      }
      if (equal(card.inc, self.state().inc)) state.announced = hex(card.inc)
    }
    // Nobody is in our place: what is new because the folder moved may be written down.
    if (!self.state().moved) return false
    begin()
    return true
  }
}

export const createOwnCheck = (parts: OwnCheckParts): OwnCheck => {
  const { identity, directory, self, world, deadline, jumped } = parts
  const { log } = identity
  const state: State = {
    ...{ due: true, stopped: null, takeOver: parts.takeOver, deposed: null, announced: null },
    told: Number.NEGATIVE_INFINITY,
  }

  const judge = createJudgement(parts, state)

  let turn: Promise<unknown> = Promise.resolve()
  /** One after the other: each begins with what the one before came to. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = turn.then(() => {
      if (state.stopped !== null) throw state.stopped
      return work()
    })
    turn = done.catch(() => {})
    return done
  }

  const weigh = async (found: Seen | null, told: boolean): Promise<boolean> => {
    const began = await judge(found === null ? null : (latestOwn(identity, found)?.card ?? null), told)
    // A directory that was silent is asked again.
    if (found !== null) state.due = false
    state.takeOver = false
    return began
  }

  /** null: nobody could tell. */
  const find = async (): Promise<Seen | null> => {
    const nothing = { log, devices: [] }
    // A retired identity has no cards.
    if (log.last.entry.status === 'retired') return nothing
    return directory.lookup(log.id, { now: seconds(world), signal: deadline(), known: log }).catch((error: unknown) => {
      if (!(error instanceof DirectoryError)) throw error
      return error.code === 'ERR_LOOKUP_NOT_FOUND' ? nothing : null
    })
  }

  const look = (told = false): Promise<boolean> => inTurn(async () => weigh(await find(), told))

  return {
    ready: async () => {
      if (state.stopped !== null) throw state.stopped
      if (jumped()) state.due = true
      if (state.due) await look()
    },
    look: () => look(),
    weigh: (found) => inTurn(() => weigh(found, false)),
    told: async () => {
      const now = world.clock()
      if (Math.abs(now - state.told) < TWIN_TOLD_MS) return false
      state.told = now
      return look(true)
    },
    isAnnounced: () => state.announced === hex(self.state().inc),
    announced: () => {
      state.announced = hex(self.state().inc)
      const { deposed } = state
      state.deposed = null
      void deposed?.tell().catch(() => {})
    },
  }
}
