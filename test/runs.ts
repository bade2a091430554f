/**
 * How much of a test that draws its inputs, or goes through all places of a file, is run. `npm test` takes a tenth; `npm run test:heavy`
 * takes all, of every file that imports this one, and `.ci/run` runs both.
 */

const ALL = process.env.HANDFAST_TEST_RUNS === 'all'

/** So few find nothing; what wants fewer gets what it wants. */
const LEAST = 10

/** Whether there is time for what takes long and cannot be shared out. */
export const allRuns: boolean = ALL

/** How often, of `all` times. */
export const runs = (all: number): number => (ALL ? all : Math.min(all, Math.max(LEAST, Math.ceil(all / 10))))

/** What something that is counted over all runs has to come to in as many as there are. */
export const share = (count: number): number => (ALL ? count : count / 10)

/** Which of the places 0 to `length` − 1: the first, the last, and a tenth of those between, at distances that no format repeats at. */
export const places = (length: number): number[] =>
  Array.from({ length }, (_, place) => place).filter(
    (place) => ALL || place === length - 1 || Math.imul(place, 0x9e3779b1) >>> 0 < 2 ** 32 / 10,
  )
