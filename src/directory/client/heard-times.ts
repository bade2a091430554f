import { bothTimes } from '../../core/clock.ts'
import { DirectoryError } from '../../core/errors.ts'
import { REPLICA_NODES } from '../../core/limits/record-limits.ts'
import { seconds, type World } from '../../core/world.ts'
import { slash24Of } from '../ip-networks.ts'
import { CLOCK_BOUND, CLOCK_NETWORKS } from '../limits.ts'
import { type DirectoryNetwork, type NodeAddress, nameOf } from '../network-port.ts'
import { COMMAND, decodeGetAnswer } from '../request-format.ts'
import { askForIdentity } from './get-requests.ts'
import { EFFORT } from './policies.ts'
import { runWalk } from './walk-runner.ts'

/**
 * What storage nodes say of the time, held against this clock (docs/spec/directory.md §9). It is only compared: nobody's word sets a
 * clock, or gets into a signature.
 */

/** How this computer's clock stands to those of the nodes that were asked. */
export type ClockReading = {
  /**
   * Seconds by which this clock is ahead, negative when it is behind: the median of the networks, and of two in the middle the one nearer
   * to 0. null when no node said anything.
   */
  readonly ahead: number | null
  /** distinct /24 networks of the nodes that said it: each has one voice, the median of its nodes */
  readonly networks: number
  /** whether that is more than clocks may differ (CLOCK_BOUND): most networks say another time, for the median is beyond it */
  readonly off: boolean
}

export const NOTHING_HEARD: ClockReading = { ahead: null, networks: 0, off: false }

/** What nodes said of the time. */
export type Times = {
  /** Notes what time it is by a node's clock, seconds. */
  note(node: NodeAddress, time: number): void
  /** What they have said so far. */
  reading(): ClockReading
  /** ERR_CLOCK, which names both times. @param more what else is known */
  error(more?: string): DirectoryError
}

export type HeardTimes = Times & {
  /** The same network; what its nodes say of the time is noted. */
  readonly network: DirectoryNetwork
}

/** The middle one, and of two in the middle the one nearer to 0; 0 when these lie on both sides of it: half of all is no majority. */
const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const [low = 0, high = 0] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]]
  if (low <= 0 && high >= 0) return 0
  return low > 0 ? low : high
}

/** The time in an answer to GET, seconds; null when there is none. */
const timeIn = (answer: Uint8Array): number | null => {
  try {
    return decodeGetAnswer(answer).now
  } catch {
    return null
  }
}

/** For one walk or a few at a time: a clock may be set in between, and what was said before is compared with the clock as it was then. */
export const createTimes = (world: Pick<World, 'clock'>): Times => {
  /** by node, so that nobody counts twice */
  const said = new Map<string, { readonly network: string; readonly ahead: number }>()

  const reading = (): ClockReading => {
    const networks = Map.groupBy(said.values(), ({ network }) => network)
    if (networks.size === 0) return NOTHING_HEARD
    const voices = [...networks.values()].map((nodes) => median(nodes.map(({ ahead }) => ahead)))
    const ahead = median(voices)
    return { ahead, networks: networks.size, off: Math.abs(ahead) > CLOCK_BOUND }
  }

  return {
    note: (node, time) =>
      void said.set(nameOf(node), { network: slash24Of(node.host), ahead: Math.floor(world.clock() / 1000) - time }),
    reading,
    error: (more) => clockError(reading(), Math.floor(world.clock() / 1000), more),
  }
}

/** Has it noted what the nodes of a network say of the time when they are asked something else. */
export const listenTo = (directory: DirectoryNetwork, times: Times): HeardTimes => ({
  ...times,
  network: {
    ...directory,
    request: async (node, request) => {
      const answer = await directory.request(node, request)
      const time = request.command === COMMAND.get && answer?.value != null ? timeIn(answer.value) : null
      if (time !== null) times.note(node, time)
      return answer
    },
  },
})

export const hearTimes = (directory: DirectoryNetwork, world: Pick<World, 'clock'>): HeardTimes =>
  listenTo(directory, createTimes(world))

/** Both times, for a person. @param now this clock, seconds */
export const describeReading = ({ ahead, networks }: ClockReading, now: number): string =>
  bothTimes(now, `${networks} ${networks === 1 ? 'network' : 'networks'} of nodes`, Math.max(0, now - (ahead ?? 0)))

/** The error that names both times. */
export const clockError = (reading: ClockReading, now: number, more?: string): DirectoryError =>
  new DirectoryError('ERR_CLOCK', { hint: [describeReading(reading, now), more].filter(Boolean).join('; ') })

/** Whose signatures last: the owner may say that the clock is right, whatever others say. */
export type OwnClock = {
  readonly world: World
  readonly clockIsRight?: boolean | undefined
  /** Told what nodes say of the time when it keeps nobody from signing. */
  readonly onClock?: ((reading: ClockReading) => void) | undefined
}

/**
 * Before something is signed that lasts. Few networks may all be one liar's, or belong to one owner whose clock is wrong: below three it is
 * for the nodes to refuse what is signed, and not for us to refuse to sign.
 * @throws DirectoryError ERR_CLOCK when most of several networks say another time, and the owner has not said that this one is right
 */
export const holdClock = (reading: ClockReading, { world, clockIsRight = false, onClock }: OwnClock): void => {
  if (reading.off && !clockIsRight && reading.networks >= CLOCK_NETWORKS) throw clockError(reading, seconds(world))
  onClock?.(reading)
}

const TARGET_BYTES = 32

/** Asks nodes near a random place for nothing but the time. Without an answer nothing is known. */
export const askTimes = async (
  directory: DirectoryNetwork,
  world: Pick<World, 'clock'>,
  signal: AbortSignal,
): Promise<ClockReading> => {
  const { network, reading } = hearTimes(directory, world)
  const target = directory.random(TARGET_BYTES)
  const task = { target, ask: askForIdentity(network, target), effort: EFFORT.fresh, signal }
  await runWalk(network, { ...task, onAnswer: () => {} }).until(REPLICA_NODES)
  return reading()
}
