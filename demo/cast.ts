/** The processes of the demo and the folder they work in: started here, and gone when the demo ends, however it ends. */

import { type ChildProcess, fork } from 'node:child_process'
import { rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Actions, callsTo } from './calls.ts'

/** One process and what can be asked of it. */
export type Player<A> = {
  readonly actions: A
  /** Lets go of the process and resolves when it is gone. */
  end(): Promise<void>
}

export type Cast = AsyncDisposable & {
  /** a fresh folder for everything the demo writes */
  readonly folder: string
  /** process ids of everybody who was ever started */
  readonly pids: readonly number[]
  /** Starts one of the demo's files as a process of its own. `onNotice` hears what it reports unasked. */
  start<A extends Actions>(file: string, onNotice?: (notice: unknown) => void): Player<A>
}

const END_MS = 1_000

/** Where Node keeps the code it compiled, for the next start. */
export const COMPILED = join(import.meta.dirname, '..', 'node_modules', '.cache', 'handfast-demo')

export const assemble = async (): Promise<Cast> => {
  const folder = await mkdtemp(join(tmpdir(), 'handfast-demo-'))
  const running = new Set<ChildProcess>()
  const pids: number[] = []

  // When this process ends in a way that skips every `finally`.
  const lastResort = (): void => {
    for (const child of running) child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
  process.once('exit', lastResort)

  const end = async (child: ChildProcess): Promise<void> => {
    if (!running.has(child)) return
    const gone = new Promise((resolve) => child.once('exit', resolve))
    if (child.connected) child.disconnect()
    const timer = setTimeout(() => child.kill('SIGKILL'), END_MS)
    await gone
    clearTimeout(timer)
  }

  return {
    folder,
    pids,
    start: <A extends Actions>(file: string, onNotice: (notice: unknown) => void = () => undefined): Player<A> => {
      // Not their stdout: that is the demo's own.
      const child = fork(join(import.meta.dirname, file), {
        serialization: 'advanced',
        execArgv: [],
        env: { NODE_COMPILE_CACHE: COMPILED, ...process.env },
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      })
      running.add(child)
      if (child.pid !== undefined) pids.push(child.pid)
      child.once('exit', () => running.delete(child))
      return { actions: callsTo<A>(child, onNotice), end: () => end(child) }
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...running].map(end))
      await rm(folder, { recursive: true, force: true })
      process.off('exit', lastResort)
    },
  }
}
