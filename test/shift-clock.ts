/**
 * Preloaded into a process whose wall clock is to be wrong: `NODE_OPTIONS=--import=…/shift-clock.ts`, by as many seconds as
 * HANDFAST_TEST_CLOCK says: a number, or the path of a file that has it, which is read again and again, so that the clock can be set while
 * the process runs. Timers and the monotonic clock go as ever.
 */

import { readFileSync } from 'node:fs'

const RealDate = Date
const said = process.env.HANDFAST_TEST_CLOCK ?? '0'
const isPath = said.startsWith('/')
const seconds = (): number => Number(isPath ? readFileSync(said, 'utf8') : said)
const now = (): number => RealDate.now() + seconds() * 1000

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, of) => Reflect.construct(target, args.length === 0 ? [now()] : args, of),
  get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
})
