/**
 * Puts a process under virtual time and seeded randomness. HyperDHT and Handfast look timers, clocks and random bytes up when
 * they use them, so nothing has to be imported in any order. Everything is given back at the end.
 */

import crypto from 'node:crypto'
import { createRequire, syncBuiltinESMExports } from 'node:module'
import timersPromises from 'node:timers/promises'
import type { Timer, VirtualClock } from './clock.ts'
import type { Random } from './random.ts'
import { createMemory } from './remembering.ts'
import { signWithFixedNonce } from './signing.ts'

type Sodium = { randombytes_buf(buffer: Uint8Array): void }

/** Everything in place until it is disposed of. */
export const takeOver = (clock: VirtualClock, random: Random): Disposable => {
  const sodium: Sodium = createRequire(import.meta.url)('sodium-universal')
  const undo = [
    replace(globalThis, timers(clock)),
    replace(Date, { now: () => Math.floor(clock.now()) }),
    replace(performance, { now: () => clock.now() }),
    replace(timersPromises, { setTimeout: promisedTimeout(clock) }),
    replace(AbortSignal, { timeout: (ms: number) => signalAfter(clock, ms) }),
    replace(Math, { random: () => random.uniform() }),
    replace(crypto, {
      randomBytes: (size: number) => Buffer.from(random.bytes(size)),
      randomInt: (min: number, max?: number) =>
        max === undefined ? random.integer(min) : min + random.integer(max - min),
      randomFillSync: <T extends Uint8Array>(buffer: T) => fill(random, buffer),
      sign: signWithFixedNonce(crypto.sign),
      ...createMemory(crypto.createPublicKey, crypto.verify),
    }),
    replace(globalThis.crypto, { getRandomValues: <T extends Uint8Array>(buffer: T) => fill(random, buffer) }),
    replace(sodium, { randombytes_buf: (buffer: Uint8Array) => void fill(random, buffer) }),
  ]
  syncBuiltinESMExports()
  return {
    [Symbol.dispose]: () => {
      for (const restore of undo) restore()
      syncBuiltinESMExports()
    },
  }
}

const fill = <T extends Uint8Array>(random: Random, buffer: T): T => {
  buffer.set(random.bytes(buffer.length))
  return buffer
}

/** Sets properties of `target`; returns what puts the former ones back. */
const replace = (target: object, properties: Readonly<Record<string, unknown>>): (() => void) => {
  const before = Object.keys(properties).map((name) => [name, Object.getOwnPropertyDescriptor(target, name)] as const)
  for (const [name, value] of Object.entries(properties)) {
    Object.defineProperty(target, name, { value, configurable: true, writable: true })
  }
  return () => {
    for (const [name, descriptor] of before) {
      if (descriptor !== undefined) Object.defineProperty(target, name, descriptor)
      else Reflect.deleteProperty(target, name)
    }
  }
}

/** What stands for Node's Timeout: libraries call `unref` on it, and give it back to be cleared. */
class Handle {
  timer: Timer | null
  constructor(timer: Timer | null) {
    this.timer = timer
  }
  ref(): this {
    return this
  }
  unref(): this {
    return this
  }
  hasRef(): boolean {
    return false
  }
}

const timers = (clock: VirtualClock) => {
  const clear = (handle: unknown): void => {
    if (!(handle instanceof Handle) || handle.timer === null) return
    clock.cancel(handle.timer)
    handle.timer = null
  }
  return {
    setTimeout: (run: (...args: unknown[]) => void, delay = 1, ...args: unknown[]) =>
      new Handle(clock.after(Math.max(1, delay), () => run(...args))),
    setInterval: (run: (...args: unknown[]) => void, delay = 1, ...args: unknown[]) => {
      const handle = new Handle(null)
      const next = (): void => {
        handle.timer = clock.after(Math.max(1, delay), () => {
          next()
          run(...args)
        })
      }
      next()
      return handle
    },
    clearTimeout: clear,
    clearInterval: clear,
  }
}

const promisedTimeout =
  (clock: VirtualClock) =>
  async <T>(delay = 1, value?: T, { signal }: { signal?: AbortSignal } = {}): Promise<T | undefined> => {
    signal?.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<T | undefined>()
    const timer = clock.after(Math.max(1, delay), () => resolve(value))
    const onabort = (): void => {
      clock.cancel(timer)
      reject(signal?.reason)
    }
    signal?.addEventListener('abort', onabort, { once: true })
    try {
      return await promise
    } finally {
      signal?.removeEventListener('abort', onabort)
    }
  }

const signalAfter = (clock: VirtualClock, ms: number): AbortSignal => {
  const controller = new AbortController()
  clock.after(ms, () => controller.abort(new DOMException('timed out', 'TimeoutError')))
  return controller.signal
}
