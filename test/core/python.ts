import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'

/** A Python process that answers one JSON line with another. */

const MISSING =
  "these tests need Python's cryptography: install the Debian package python3-cryptography (apt-get install python3-cryptography)"

/** Debian's Python first, which sees Debian's packages; then whichever is on the path. */
export const findPython = (): string => {
  const found = ['/usr/bin/python3', 'python3'].find(
    (python) => spawnSync(python, ['-c', 'import cryptography.fernet'], { stdio: 'ignore' }).status === 0,
  )
  if (found === undefined) throw new Error(MISSING)
  return found
}

export type PythonPeer = {
  ask(question: { readonly op: string; readonly [field: string]: unknown }): Promise<unknown>
  close(): Promise<void>
}

/** Starts a script of this folder. */
export const startPython = (script: string): PythonPeer => {
  const path = fileURLToPath(new URL(script, import.meta.url))
  const child: ChildProcessByStdio<Writable, Readable, null> = spawn(findPython(), ['-u', '-B', path], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    ask: async (question) => {
      child.stdin.write(`${JSON.stringify(question)}\n`)
      const { value, done } = await lines.next()
      if (done) throw new Error('the Python process ended')
      return JSON.parse(value)
    },
    close: async () => {
      child.stdin.end()
      if (child.exitCode === null) await once(child, 'exit')
    },
  }
}
