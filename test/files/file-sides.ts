import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { open, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Connection } from '../../src/connection/connection.ts'
import { type ChunkFrame, decodeFrame } from '../../src/connection/frames.ts'
import type { Service } from '../../src/connection/service.ts'
import { createContacts } from '../../src/contacts/contact-api.ts'
import { encodeAddress } from '../../src/core/address.ts'
import type { Identity } from '../../src/core/identity.ts'
import { secretKey } from '../../src/core/kdf.ts'
import { createFiles, type FilesRoom } from '../../src/files/create-files.ts'
import type { FileOffer, FileTransfer } from '../../src/files/file-api.ts'
import type { FileEvent } from '../../src/files/file-events.ts'
import type { Peer } from '../../src/peer/peer.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { createPair, type MemoryPair } from '../connection/memory-transport.ts'
import { alice, bob, connectionOf, makeTemporary, makeWorld, settle, shakeHands } from '../connection/sides.ts'
import { makeBytes } from '../core/identities.ts'
import { createTalk, type Talk } from './talk.ts'

/** Files between Alice and Bob, whose stores outlive their connections and, as far as they are told to, themselves. */

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

export const storeAt = (folder: string | null): Store => openStore(folder, secretKey(makeBytes('store key', 32)))

/** Nobody draws the same ids twice, not even after a restart. */
let worlds = 0

export type FileSide = FilesRoom & {
  readonly store: Store
  readonly world: ReturnType<typeof makeWorld>
  /** all that was told so far */
  readonly events: readonly FileEvent[]
  /** for whom it was told that something waits */
  readonly queued: readonly Uint8Array[]
  /** Calls back for each transfer whose state changed or that went on. @returns ends that */
  watch(listener: (transfer: FileTransfer) => void): () => void
  /** what else is said on its connections */
  readonly talk: Talk
  /** all that is said on its connections */
  readonly services: readonly Service[]
  end(): Promise<void>
}

/** The files of one who has connections made for it. */
export const openFiles = (
  identity: Identity,
  store: Store = storeAt(null),
  isContact: boolean | ((peer: Uint8Array) => boolean) = true,
  world = makeWorld(`files/${worlds++}`),
): FileSide => {
  const closing = new AbortController()
  const contacts = createContacts(store, world)
  const events: FileEvent[] = []
  const queued: Uint8Array[] = []
  const listeners = new Set<(transfer: FileTransfer) => void>()
  const own = identity.log.id
  const files = createFiles({
    ...{ own, store, contacts, world, closing: closing.signal },
    isContact: typeof isContact === 'boolean' ? () => isContact : isContact,
    provenSince: () => null,
    queued: (peer) => void queued.push(peer),
    emit: (event) => {
      events.push(event)
      if (event.type === 'file') for (const listener of listeners) listener(event.transfer)
    },
  })
  const watch: FileSide['watch'] = (listener) => {
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }
  const talk = createTalk()
  const end = async (): Promise<void> => {
    closing.abort()
    await files.stop()
    store.close()
  }
  return { ...files, store, world, events, queued, watch, talk, services: [files.service, talk.service], end }
}

/** The next file that is offered. */
export const nextOffer = async ({ api }: Pick<FileSide, 'api'>): Promise<FileOffer> => {
  const offer = await api.receive()
  assert.ok(offer !== null)
  return offer
}

/** Calls back for each file of a whole peer whose state changed or that went on, until the peer closes. */
export const watchFiles = async (
  peer: Pick<Peer, 'events'>,
  listener: (transfer: FileTransfer) => void,
): Promise<void> => {
  for await (const event of peer.events()) if (event.type === 'file') listener(event.transfer)
}

/** Resolves when a file gets into that state. */
export const reaches = (
  { api, watch }: Pick<FileSide, 'api' | 'watch'>,
  id: number,
  state: FileTransfer['state'],
): Promise<FileTransfer> =>
  new Promise((resolve) => {
    const end = watch((transfer) => {
      if (transfer.id !== id || transfer.state !== state) return
      end()
      resolve(transfer)
    })
    const now = api.list({ limit: 1000 }).find((one) => one.id === id)
    if (now?.state !== state) return
    end()
    resolve(now)
  })

/** The offers among what was told. */
export const offersIn = (events: readonly FileEvent[]): readonly FileOffer[] =>
  events.flatMap((event) => (event.type === 'offer' ? [event.offer] : []))

/** Resolves when that many offers were told of. */
export const untilTold = async ({ events }: Pick<FileSide, 'events'>, count: number): Promise<readonly FileOffer[]> => {
  for (let turn = 0; turn < 200 && offersIn(events).length < count; turn++) await settle()
  assert.equal(offersIn(events).length, count)
  return offersIn(events)
}

/** The chunk frames among these, in their order. */
export const chunksIn = (frames: readonly Uint8Array[]): readonly ChunkFrame[] =>
  frames.map(decodeFrame).filter((frame) => frame?.t === 'chunk')

/** How many chunks went to the side that listened. */
export const chunksOf = ({ toFar }: MemoryPair): number => chunksIn(toFar.sent).length

/** Resolves when that many files are in the folder: the last thing that is done is to remove a partial one. */
export const untilFiles = async (folder: string, count: number): Promise<void> => {
  for (let turn = 0; turn < 200; turn++) {
    if ((await readdir(folder)).length === count) return
    await settle()
  }
  assert.fail(`${await readdir(folder)} instead of ${count} files`)
}

export const addresses = { alice: encodeAddress(alice.log.id), bob: encodeAddress(bob.log.id) }

export type FileStage = Awaited<ReturnType<typeof startFiles>>

export const startFiles = async (t: TestContext) => {
  const [from, to, dataA, dataB] = await Promise.all(Array.from({ length: 4 }, () => makeTemporary(t)))
  const folders = { from: from ?? '', to: to ?? '' }
  const data = { alice: dataA ?? '', bob: dataB ?? '' }
  const identities = { alice, bob }
  type Who = keyof typeof data
  const openSide = (who: Who) => {
    const whole = storeAt(data[who])
    const state = { dead: false }
    // A process that is gone writes nothing any more, however long it seems to live on here.
    const run: Store['group']['run'] = (work) =>
      state.dead ? Promise.reject(new Error('dead')) : whole.group.run(work)
    const side = openFiles(identities[who], { ...whole, group: { run } })
    return { ...side, die: () => void Object.assign(state, { dead: true }) }
  }
  const sides = { alice: openSide('alice'), bob: openSide('bob') }
  t.after(() => Promise.all([sides.alice.end(), sides.bob.end()]))
  let pair: MemoryPair | undefined

  return {
    ...folders,
    data,
    sides,
    /** Puts a file where Alice can send it from. */
    write: async (name: string, size: number): Promise<{ path: string; content: Uint8Array }> => {
      const [path, content] = [join(folders.from, name), makeBytes(name, size)]
      await writeFile(path, content)
      return { path, content }
    },
    /** A new connection of the two. */
    meet: async (prepare: (pair: MemoryPair) => void = () => {}) => {
      const next = createPair()
      pair = next
      const met = await shakeHands(next, alice, bob)
      prepare(next)
      const near: Connection = connectionOf(met.nearChannel, met.nearMet, alice, 'alice', sides.alice.services)
      const far: Connection = connectionOf(met.farChannel, met.farMet, bob, 'bob', sides.bob.services)
      return { pair: next, alice: near, bob: far }
    },
    /** The network is gone. */
    cut: (): void => pair?.cut(),
    /** That process is killed, and started again. */
    crash: async (who: Who): Promise<void> => {
      sides[who].die()
      pair?.cut()
      await sides[who].end()
      sides[who] = openSide(who)
    },
  }
}

/** The two on a first connection. */
export const startMet = async (t: TestContext) => {
  const stage = await startFiles(t)
  return { ...stage, ...(await stage.meet()), transfer: transferOf(stage) }
}

/** Alice sends a file, and Bob takes it. */
const transferOf = ({ sides, to }: FileStage) => {
  return async (path: string) => {
    const sent = await sides.alice.api.send(addresses.bob, path)
    const accepted = await (await nextOffer(sides.bob)).accept(to)
    return { sent, accepted }
  }
}

/** The file arrives twice at once beside the one of its name, `a.bin` of another day, and is there in whole as `a (1).bin` and `a (2).bin`. */
export const arriveTwice = async (
  { alice, bob }: FileStage['sides'],
  { path, content }: { readonly path: string; readonly content: Uint8Array },
  folder: string,
): Promise<void> => {
  const sent = [await alice.api.send(addresses.bob, path), await alice.api.send(addresses.bob, path)]
  for (const _ of sent) await (await nextOffer(bob)).accept(folder)
  for (const { id } of sent) await alice.api.finished(id)
  await untilFiles(folder, 3)
  assert.equal(await readFile(join(folder, 'a.bin'), 'utf8'), 'of another day')
  for (const name of ['a (1).bin', 'a (2).bin'])
    assert.equal(sha256(await readFile(join(folder, name))), sha256(content))
}

/** What every open file inherits its methods from. */
export const fileHandle = async () => {
  const handle = await open(import.meta.filename)
  await handle.close()
  return Object.getPrototypeOf(handle) as typeof handle
}
