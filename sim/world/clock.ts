/**
 * Virtual time: nothing waits, the clock jumps to whatever happens next. An hour of a thousand nodes so takes as long as their work does,
 * and the same events come in the same order in every run.
 */

export type Timer = {
  /** Milliseconds since 1970, in virtual time. */
  time: number
  readonly run: () => void
  cancelled: boolean
}

export type VirtualClock = {
  /** Milliseconds since 1970. */
  now(): number
  /** Runs `run` in `delay` milliseconds; what is due at the same time runs in the order of the calls. */
  after(delay: number, run: () => void): Timer
  cancel(timer: Timer): void
  /** Resolves in `delay` milliseconds of virtual time. */
  wait(delay: number): Promise<void>
  /** Lets time pass until `work` settles. Rejects when nothing is left that could settle it. */
  drive<T>(work: Promise<T>): Promise<T>
  /** Moves the clock without anybody doing anything meanwhile, as for a machine that slept: what was due is due at once. */
  leap(milliseconds: number): void
}

/** Where every run begins: 2027-01-01. */
export const START_MS = 1_798_761_600_000

/** Events taken in one turn of Node's event loop: it looks for real input and output between the turns, and there is none. */
const EVENTS_PER_TURN = 64

const realImmediate = globalThis.setImmediate

export const createClock = (start: number = START_MS): VirtualClock => {
  const queue = createQueue()
  let now = start

  const after: VirtualClock['after'] = (delay, run) => {
    const timer = { time: now + Math.max(0, delay), run, cancelled: false }
    queue.push(timer)
    return timer
  }

  const fireNext = (): boolean => {
    for (let timer = queue.pop(); timer !== undefined; timer = queue.pop()) {
      if (timer.cancelled) continue
      now = Math.max(now, timer.time)
      timer.cancelled = true
      timer.run()
      return true
    }
    return false
  }

  const drive = <T>(work: Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      let settled = false
      const settle = (): void => {
        settled = true
      }
      work.then(settle, settle)
      work.then(resolve, reject)
      let pending = 0
      // Node runs all promise reactions between two immediates: each event is over before the next begins.
      const step = (): void => {
        pending -= 1
        if (settled) return
        try {
          if (!fireNext()) {
            settled = true
            reject(new Error('the simulation waits for something that never happens'))
          }
        } catch (error) {
          settled = true
          reject(error)
        }
        if (pending === 0 && !settled) turn()
      }
      const turn = (): void => {
        pending = EVENTS_PER_TURN
        for (let i = 0; i < EVENTS_PER_TURN; i++) realImmediate(step)
      }
      turn()
    })

  return {
    now: () => now,
    after,
    cancel: (timer) => {
      timer.cancelled = true
    },
    wait: (delay) => new Promise((resolve) => after(delay, resolve)),
    drive,
    leap: (milliseconds) => {
      now += milliseconds
    },
  }
}

/** A binary heap by time, and among equals by the order of arrival. */
const createQueue = () => {
  type Place = { readonly timer: Timer; readonly order: number }
  const heap: Place[] = []
  let order = 0
  const isBefore = (a: Place, b: Place): boolean =>
    a.timer.time < b.timer.time || (a.timer.time === b.timer.time && a.order < b.order)

  const push = (timer: Timer): void => {
    const place = { timer, order: order++ }
    let at = heap.length
    heap.push(place)
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = heap[parent]
      if (above === undefined || !isBefore(place, above)) break
      heap[at] = above
      at = parent
    }
    heap[at] = place
  }

  const sink = (place: Place): void => {
    let at = 0
    for (;;) {
      const left = heap[2 * at + 1]
      const right = heap[2 * at + 2]
      if (left === undefined) break
      const child = right !== undefined && isBefore(right, left) ? right : left
      if (!isBefore(child, place)) break
      heap[at] = child
      at = 2 * at + (child === left ? 1 : 2)
    }
    heap[at] = place
  }

  const pop = (): Timer | undefined => {
    const first = heap[0]
    const last = heap.pop()
    if (first !== undefined && last !== undefined && heap.length > 0) sink(last)
    return first?.timer
  }

  return { push, pop }
}
