import type HyperDHT from 'hyperdht'
import type UDX from 'udx-native'
import type { GrowingPause } from '../core/growing-pause.ts'
import { type NodeAddress, nameOf } from '../directory/network-port.ts'
import { type Beat, createBeat } from './beat.ts'
import type { Guests } from './guests.ts'
import { type InternalRequest, internalsOf } from './hyperdht-internals.ts'
import { isOtherState, type NatKind, type NetworkState } from './network-state.ts'
import { ownAddress, ownHosts } from './own-address.ts'
import type { Seeking } from './seeking.ts'
import { sleep } from './sleep.ts'
import { follow, heardSince, lookAround, mingle, settle, standAlone, tickOf } from './standing.ts'
import type { WaysIn } from './ways-in.ts'

/**
 * Whether a node is in its network, and what it does about it. It notices within seconds that nobody answers, that nodes came back without what they knew, that this machine
 * slept, and that its address is another one. While nobody answers the node is the first one of its own network, through which others can
 * come in, and goes on asking those it may enter by.
 *
 *     joined  --three beats without an answer--> waiting, alone
 *     waiting --somebody of the list answers--> joined            --somebody comes in through it--> joined, still alone, still asking
 */
export type PresenceParts = {
  readonly dht: HyperDHT
  readonly udx: UDX
  readonly entrances: WaysIn
  /** the address it is bound to, or every one */
  readonly host: string
  readonly port: number
  /** whether nobody answered when it was made */
  readonly alone: boolean
  /** whether its own network is the one that it is to be in: it waits for no other */
  readonly first: boolean
  /** whether it stores for others whatever stands between, as its operator says */
  readonly storage: boolean
  /** the address that others reach it at, as its operator says */
  readonly publicHost: string | null
  /** of all nodes of this machine that are one to others, its own among them */
  readonly ports: ReadonlySet<number>
}

type Times = {
  /** between two beats */
  readonly beat: number
  /** between two rounds of asking, while it is alone: doubled up to the second */
  readonly ask: number
  readonly askMax: number
}

export const TIMES: Times = { beat: 5_000, ask: 1_000, askMax: 10_000 }
export const TIMES_LOOPBACK: Times = { beat: 1_000, ask: 250, askMax: 1_000 }

const SILENT_BEATS = 3
/** A beat that is so late, milliseconds, comes after a pause: this machine slept. */
const PAUSE_MS = 15_000
/** An announcement takes so long at most, milliseconds, until a beat sees that it was made. */
const SHAKEN_MS = 30_000
/** How long others have to say where they see a node that was alone. */
const SETTLE_MS = 5_000
/** Announcing costs some ten datagrams, and a node that lies can bring it about. */
export const ANNOUNCE_PACE = { first: 4_000, longest: 300_000 }
export const ANY_HOST = '0.0.0.0'

export type Membership = PresenceParts & {
  readonly loopback: boolean
  readonly times: Times
  readonly signal: AbortSignal
  readonly watchers: Set<(state: NetworkState) => void>
  readonly shaking: Set<() => void>
  readonly guests: Guests
  readonly announcing: GrowingPause
  seeking: Seeking | null
  alone: boolean
  /** HyperDHT's tick at which nobody answered any more; -1: when it was made */
  aloneSince: number
  /** where others can come in while it is alone */
  own: NodeAddress
  /** the address that others saw last */
  seenHost: string | null
  /** when it announced itself anew last, by performance.now() */
  shaken: number
  /** beats without an answer, one after the other */
  silent: number
  joined: boolean
  since: number
  told: NetworkState | null
  /** answers to anything, at the last beat, and when that was */
  responses: number
  last: number
}

const now = (): number => performance.now()
export const warn = (error: unknown): void => process.emitWarning(error instanceof Error ? error : String(error))

export const portOf = ({ dht, port }: Membership): number => dht.io.serverSocket?.address()?.port ?? port

/** Whether that is this node, or one of the same machine: what those say shows nothing of a network. */
export const isOwn = (run: Membership, { host, port }: NodeAddress): boolean =>
  (port === portOf(run) || run.ports.has(port)) &&
  ([run.own.host, run.dht.host].includes(host) || (run.host === ANY_HOST && ownHosts(run.udx).includes(host)))

/** Where others are to reach it while nobody has said where they see it. */
export const guessOwn = ({ udx, host, publicHost }: PresenceParts, port: number): NodeAddress => {
  const known = publicHost ?? host
  return known === ANY_HOST ? ownAddress(udx, port) : { host: known, port }
}

const natOf = ({ dht }: Membership): NatKind => {
  if (!dht.firewalled) return 'open'
  if (dht.host === null) return 'unknown'
  return dht.port === 0 ? 'random' : 'consistent'
}

const entranceOf = (run: Membership): string | null => {
  const { dht, alone, own } = run
  if (dht.ephemeral) return null
  return nameOf(alone ? own : { host: dht.host ?? own.host, port: portOf(run) })
}

export const stateOf = (run: Membership): NetworkState => {
  const { dht, alone, seenHost, joined, since } = run
  const host = alone ? null : (seenHost ?? dht.host)
  return {
    ...{ state: joined ? 'joined' : 'waiting', since, nodes: dht.nodes.length, port: portOf(run), nat: natOf(run) },
    address: host === null ? null : { host, port: dht.port },
    entrance: entranceOf(run),
  }
}

const tell = (run: Membership): void => {
  const { dht, guests, watchers } = run
  const isMet = (): boolean =>
    guests.count(now()) > 0 || heardSince(dht, run.aloneSince).some((node) => !isOwn(run, node))
  const joined = run.alone ? run.first || isMet() : run.silent < SILENT_BEATS
  if (joined !== run.joined) run.since = Date.now()
  run.joined = joined
  const state = stateOf(run)
  if (run.told !== null && !isOtherState(run.told, state)) return
  run.told = state
  for (const watcher of watchers) watcher(state)
}

const shake = (run: Membership): void => {
  const { dht, announcing, shaking } = run
  run.shaken = now()
  for (const server of dht.listening) server.refresh()
  announcing.done(now())
  for (const listener of shaking) listener()
}

/** From now on it is the first node of its own network, and asks on. */
const beginAlone = async (run: Membership): Promise<void> => {
  const { dht, storage } = run
  run.alone = true
  run.aloneSince = tickOf(dht)
  run.own = guessOwn(run, portOf(run))
  if (!storage || dht.ephemeral) await standAlone(dht, run.own)
  run.seeking?.begin()
}

/** Others that answer lead into their network. What was told nobody, or only those who came in here, is told there. */
export const enter = async (run: Membership, live: readonly NodeAddress[]): Promise<void> => {
  const { dht, storage, loopback, publicHost, signal } = run
  if (!run.alone || signal.aborted) return
  run.alone = false
  run.silent = 0
  dht.bootstrapNodes = live.map((node) => ({ ...node }))
  const changes = !storage && !loopback
  if (changes) mingle(dht)
  if (storage && !loopback && publicHost === null) await follow(dht)
  else await lookAround(dht)
  if (signal.aborted) return
  tell(run)
  shake(run)
  if (!changes) return
  await sleep(SETTLE_MS, signal)
  if (run.alone || signal.aborted) return
  await settle(dht)
  tell(run)
}

const judge = async (run: Membership, { answered, forgotten, hurried, moved, host }: Beat): Promise<void> => {
  const { dht, times, announcing } = run
  const late = Date.now() - run.last > times.beat + PAUSE_MS
  run.last = Date.now()
  const { responses } = dht.stats.requests
  // Nodes of the same machine answer, whatever becomes of the network.
  const heard = answered > 0 || (run.ports.size < 2 && responses > run.responses)
  run.responses = responses
  run.silent = heard || late ? 0 : run.silent + 1
  const isElsewhere = host !== null && run.seenHost !== null && host !== run.seenHost
  run.seenHost = host ?? run.seenHost
  // Not when that was because of this.
  const isHurried = hurried && now() - run.shaken > SHAKEN_MS
  if (!run.alone && run.silent >= SILENT_BEATS) await beginAlone(run)
  else if (late) shake(run)
  // As often as strangers may bring it about.
  else if ((forgotten || moved || isElsewhere || isHurried) && announcing.wait(now()) === 0) shake(run)
  tell(run)
}

export const beatOn = async (run: Membership): Promise<void> => {
  const { dht, times, signal } = run
  const beat = createBeat(dht, (node) => isOwn(run, node))
  for (;;) {
    await sleep(times.beat, signal)
    if (signal.aborted) return
    await judge(run, await beat()).catch(warn)
  }
}

/** Whoever comes in by another address of this machine than was guessed knows better, while nobody else is here. */
const moveTo = (run: Membership, to: NodeAddress): void => {
  const { dht, host, publicHost, guests, own, udx } = run
  if (host !== ANY_HOST || publicHost !== null || guests.count(now()) > 0) return
  if (to.host === own.host || to.port !== portOf(run) || !ownHosts(udx).includes(to.host)) return
  run.own = { host: to.host, port: to.port }
  standAlone(dht, run.own).then(() => tell(run), warn)
}

/** Hears who comes in. A token that is right shows that he receives at his address. */
export const receive = (run: Membership): void => {
  const { io } = internalsOf(run.dht)
  const onrequest = io.onrequest.bind(io)
  io.onrequest = (request: InternalRequest, external: boolean) => {
    const isGuest = run.alone && !isOwn(run, request.from)
    if (isGuest && request.token !== null) {
      moveTo(run, request.to)
      run.guests.proven(request.from, now())
      tell(run)
    } else if (isGuest) run.guests.heard(request.from, now())
    onrequest(request, external)
  }
}
