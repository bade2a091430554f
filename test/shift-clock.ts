/**
 * Preloaded into a process whose wall clock is to be wrong: `NODE_OPTIONS=--import=…/shift-clock.ts`, by as many seconds as
 * HANDFAST_TEST_CLOCK says. Timers and the monotonic clock go as ever.
 */

const RealDate = Date
const now = (): number => RealDate.now() + Number(process.env.HANDFAST_TEST_CLOCK ?? 0) * 1000

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, of) => Reflect.construct(target, args.length === 0 ? [now()] : args, of),
  get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
})
