import type { Violation } from '../observer.ts'
import type { Options } from '../options.ts'
import type { Production } from '../production.ts'
import type { Plot } from '../report/svg.ts'
import { createClock } from '../world/clock.ts'
import { createRandom } from '../world/random.ts'
import { takeOver } from '../world/take-over.ts'
import { createWorld, type World } from '../world/world.ts'

/** A number to reach, and what came out. */
export type Check = {
  readonly what: string
  readonly wanted: string
  readonly measured: string
  readonly reached: boolean
}

export type Cell = string | number

export type Report = {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
  readonly checks: readonly Check[]
  readonly violations: readonly Violation[]
  readonly plot: Plot | null
  /** of every datagram of every world of the run, in order; null when the run was not simulated but real */
  readonly digest: string | null
}

export type Setting = {
  readonly options: Options
  readonly production: Production
  /** Tells whoever waits what is going on. */
  say(line: string): void
}

export type Scenario = {
  readonly name: string
  /** one line */
  readonly summary: string
  run(setting: Setting): Promise<Report>
}

/** A world of its own for `work`, in virtual time. `name` tells the worlds of one run apart, so that each has its own luck. */
export const inWorld = async <T>(
  { options, production }: Setting,
  name: string,
  work: (world: World) => Promise<T>,
): Promise<{ readonly result: T; readonly digest: string }> => {
  const clock = createClock()
  const random = createRandom(`${options.seed}/${name}`)
  using _taken = takeOver(clock, random.fork('process'))
  const world = createWorld({ clock, random, production, loss: options.loss })
  const result = await clock.drive(work(world))
  return { result, digest: world.network.digest() }
}
