/** Child of the store's tests. `node writer-child.ts <task> <folder>`: says on stdout what it does, one line each. */

import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encodeAddress } from '../../src/core/address.ts'
import { createIdentity } from '../../src/core/identity.ts'
import { loadFloors } from '../../src/store/floors-file.ts'
import { loadIdentity, saveIdentity } from '../../src/store/identity-file.ts'

const [, , task = '', folder = ''] = process.argv
const random = (size: number): Uint8Array => Uint8Array.from(randomBytes(size))
const now = 1_767_225_600
const say = (line: string): void => void process.stdout.write(`${line}\n`)
const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'done',
    (error: { readonly code?: string }) => error.code,
  )

/** Rewrites both files for ever. */
const rewrite = async (): Promise<void> => {
  const identities = [createIdentity(now, random).identity, createIdentity(now, random).identity]
  await saveIdentity(folder, createIdentity(now, random).identity, { create: true })
  const floors = await loadFloors(folder)
  say('ready')
  for (let round = 0; ; round++) {
    for (const identity of identities) {
      say(`${round}`)
      const floor = { epoch: 0, seq: round, head: identity.log.last.hash, serial: now }
      const saved = [saveIdentity(folder, identity, { create: false }), floors.set(identity.log.id, floor)]
      await Promise.all(saved)
    }
  }
}

/** Creates an identity when told to. */
const create = async (): Promise<void> => {
  const { identity } = createIdentity(now, random)
  say('ready')
  process.stdin.once('data', async () => {
    const code = await codeOf(saveIdentity(folder, identity, { create: true }))
    say(`${code} ${encodeAddress(identity.log.id)}`)
    process.stdin.destroy()
  })
}

/** Fills the disk it was given and goes on writing. */
const fill = async (): Promise<void> => {
  const { identity } = createIdentity(now, random)
  say(`${await codeOf(saveIdentity(folder, identity, { create: true }))}`)
  const ballast = join(folder, 'ballast')
  try {
    for (;;) writeFileSync(ballast, randomBytes(512), { flag: 'a' })
  } catch {
    say('full')
  }
  say(`${await codeOf(saveIdentity(folder, createIdentity(now, random).identity, { create: false }))}`)
  const floors = await loadFloors(folder)
  say(`${await codeOf(floors.set(identity.log.id, { epoch: 0, seq: 0, head: identity.log.last.hash, serial: 0 }))}`)
  say(encodeAddress((await loadIdentity(folder, now)).log.id) === encodeAddress(identity.log.id) ? 'kept' : 'lost')
}

/** Reads and writes where it may not. */
const trespass = async (): Promise<void> => {
  const { identity } = createIdentity(now, random)
  // As root nothing is forbidden. In a namespace of its own there is nobody else to be, nor need to be.
  if (process.getuid?.() === 0) await codeOf((async () => process.setuid?.(65_534))())
  const floor = { epoch: 0, seq: 0, head: identity.log.last.hash, serial: 0 }
  say(`${await codeOf(loadIdentity(folder, now))}`)
  say(`${await codeOf(saveIdentity(folder, identity, { create: false }))}`)
  say(`${await codeOf(saveIdentity(join(folder, 'new'), identity, { create: true }))}`)
  say(`${await codeOf(loadFloors(folder).then((floors) => floors.set(identity.log.id, floor)))}`)
}

await ({ rewrite, create, fill, trespass }[task] ?? Promise.reject.bind(Promise, new Error(task)))()
