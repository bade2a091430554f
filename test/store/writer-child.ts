/** Child of the store's tests. `node writer-child.ts <task> <folder>`: says on stdout what it does, one line each. */

import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encodeAddress } from '../../src/core/address.ts'
import { createIdentity, type Identity } from '../../src/core/identity.ts'
import { lockFolder } from '../../src/store/lock.ts'
import { writePrivate } from '../../src/store/private-files.ts'
import { openStore } from '../../src/store/store.ts'
import { changePassphrase, createVault, openVault, type Vault } from '../../src/store/vault.ts'
import { devicesAt } from './backups.ts'
import { CHEAP } from './folders.ts'
import { killAt } from './kill-at.ts'

const [, , task = '', folder = ''] = process.argv
const random = (size: number): Uint8Array => Uint8Array.from(randomBytes(size))
const now = 1_767_225_600
const say = (line: string): void => void process.stdout.write(`${line}\n`)
const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'done',
    (error: { readonly code?: string }) => error.code,
  )

/** Opens the store and keeps a floor in it. */
const remember = async ({ log }: Identity): Promise<void> => {
  const floor = { epoch: 0, seq: 0, head: log.last.hash, devices: [] }
  openStore(folder).floors.update(log.id, () => floor, true)
}

/** Rewrites both files for ever. */
const rewrite = async (): Promise<void> => {
  const identities = [createIdentity(now, random).identity, createIdentity(now, random).identity]
  const vault = await createVault(folder, createIdentity(now, random).identity, null)
  const { floors } = openStore(folder)
  say('ready')
  for (let round = 0; ; round++) {
    for (const identity of identities) {
      say(`${round}`)
      const floor = { epoch: 0, seq: round, head: identity.log.last.hash, devices: devicesAt(now) }
      const saved = vault.save(identity)
      floors.update(identity.log.id, () => floor, true)
      await saved
    }
  }
}

/** Creates an identity when told to. */
const create = async (): Promise<void> => {
  const { identity } = createIdentity(now, random)
  say('ready')
  process.stdin.once('data', async () => {
    const code = await codeOf(createVault(folder, identity, null))
    say(`${code} ${encodeAddress(identity.log.id)}`)
    process.stdin.destroy()
  })
}

/** Fills the disk it was given and goes on writing. */
const fill = async (): Promise<void> => {
  const { identity } = createIdentity(now, random)
  let vault: Vault | undefined
  const creating = createVault(folder, identity, null).then((made) => {
    vault = made
  })
  say(`${await codeOf(creating)}`)
  const ballast = join(folder, 'ballast')
  try {
    for (;;) writeFileSync(ballast, randomBytes(512), { flag: 'a' })
  } catch {
    say('full')
  }
  say(`${await codeOf(vault?.save(createIdentity(now, random).identity) ?? Promise.resolve())}`)
  say(`${await codeOf(remember(identity))}`)
  say(
    encodeAddress((await openVault(folder, null)).identity.log.id) === encodeAddress(identity.log.id) ? 'kept' : 'lost',
  )
}

/** Reads and writes where it may not. */
const trespass = async (): Promise<void> => {
  const { identity } = createIdentity(now, random)
  // As root nothing is forbidden. In a namespace of its own there is nobody else to be, nor need to be.
  if (process.getuid?.() === 0) await codeOf((async () => process.setuid?.(65_534))())
  say(`${await codeOf(openVault(folder, null))}`)
  say(`${await codeOf(writePrivate(join(folder, 'identity.json'), '{}'))}`)
  say(`${await codeOf(createVault(join(folder, 'new'), identity, null))}`)
  say(`${await codeOf(remember(identity))}`)
}

/** Changes what the folder is sealed under, and dies by SIGKILL at its n-th step on disk: `reseal <folder> <n> <from> <to>`. */
const reseal = async (): Promise<void> => {
  const [, , , , step = '', from = '', to = ''] = process.argv
  await killAt(Number(step))
  await changePassphrase(folder, from || null, async () => to || null, CHEAP)
  say('done')
}

/** Holds the folder's lock until it is killed. */
const hold = async (): Promise<void> => {
  await lockFolder(folder)
  say('held')
  setInterval(() => {}, 1_000)
}

await ({ hold, reseal, rewrite, create, fill, trespass }[task] ?? Promise.reject.bind(Promise, new Error(task)))()
