/** Steps and their checks: what is claimed, what was expected, what really came. A step without a check counts as failed. */

export type Value = string | number | boolean | null

export type Check = {
  readonly claim: string
  readonly expected: Value
  readonly actual: Value
  readonly ok: boolean
}

export type StepResult = {
  readonly id: string
  readonly title: string
  readonly ok: boolean
  readonly milliseconds: number
  readonly checks: readonly Check[]
  /** what ended the step before its last check */
  readonly failure?: string
}

/** What a step does with what it finds. */
export type Step = {
  /** Tells the reader what is about to happen. */
  say(line: string): void
  /** Shows a value that proves something, under a short name. */
  show(name: string, value: string): void
  /** Holds what came against what must come. */
  check(claim: string, actual: Value, expected: Value): void
  checkAtLeast(claim: string, actual: number, least: number): void
  progress(done: number, size: number): void
}

/** Whoever watches: the terminal, or nobody. */
export type Audience = {
  begin(number: number, title: string): void
  say(line: string): void
  show(name: string, value: string): void
  check(check: Check): void
  progress(done: number, size: number): void
  fail(message: string): void
}

/** Watches and says nothing. */
export const nobody: Audience = {
  begin: () => undefined,
  say: () => undefined,
  show: () => undefined,
  check: () => undefined,
  progress: () => undefined,
  fail: () => undefined,
}

export type Stage = {
  readonly results: readonly StepResult[]
  /** Runs one step; throws when it throws, or when the stage's signal says stop. A failed check does not end it. */
  step<T>(id: string, title: string, act: (step: Step) => Promise<T>): Promise<T>
}

/** Longer than any step takes on a busy machine: a step that hangs must not hang the demo. */
const STEP_MS = 10_000

export const createStage = (audience: Audience, signal: AbortSignal): Stage => {
  const results: StepResult[] = []
  return {
    results,
    step: async (id, title, act) => {
      const began = performance.now()
      const checks: Check[] = []
      const over = new AbortController()
      const settle = (failure?: string): void => {
        over.abort()
        const ok = failure === undefined && checks.length > 0 && checks.every((check) => check.ok)
        const milliseconds = Math.round(performance.now() - began)
        results.push({ id, title, ok, milliseconds, checks, ...(failure === undefined ? {} : { failure }) })
      }
      audience.begin(results.length + 1, title)
      try {
        const result = await orStop(act(stepFor(audience, checks, over.signal)), signal)
        settle()
        return result
      } catch (error) {
        const failure = describe(error)
        audience.fail(failure)
        settle(failure)
        throw error
      }
    },
  }
}

/** A step that was stopped may still be at work: nothing of it counts any more. */
const stepFor = (audience: Audience, checks: Check[], over: AbortSignal): Step => {
  const whileOn =
    <A extends readonly unknown[]>(act: (...args: A) => void) =>
    (...args: A): void => {
      if (!over.aborted) act(...args)
    }
  const record = whileOn((check: Check): void => {
    checks.push(check)
    audience.check(check)
  })
  return {
    say: whileOn(audience.say),
    show: whileOn(audience.show),
    progress: whileOn(audience.progress),
    check: (claim, actual, expected) => record({ claim, actual, expected, ok: actual === expected }),
    checkAtLeast: (claim, actual, least) =>
      record({ claim, actual, expected: `at least ${least}`, ok: actual >= least }),
  }
}

const orStop = async <T>(work: Promise<T>, signal: AbortSignal): Promise<T> => {
  work.catch(() => undefined)
  signal.throwIfAborted()
  const stopped = Promise.withResolvers<never>()
  const onabort = (): void => stopped.reject(signal.reason)
  const timer = setTimeout(() => stopped.reject(new Error(`not done within ${STEP_MS / 1000} s`)), STEP_MS)
  signal.addEventListener('abort', onabort, { once: true })
  try {
    return await Promise.race([work, stopped.promise])
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', onabort)
  }
}

/** An error for the reader: its sentence, and before it class and code where it has one. */
export const describe = (error: unknown): string => {
  const name = nameOfError(error)
  if (!(error instanceof Error)) return name
  return name === 'Error' ? error.message : `${name}: ${error.message}`
}

const nameOfError = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  return 'code' in error && error.code !== '' ? `${error.name} ${error.code}` : error.name
}

/** What a call ended in: class and code of its error, or 'no error'. */
export const endOf = (call: Promise<unknown>): Promise<string> => call.then(() => 'no error', nameOfError)
