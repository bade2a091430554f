/** Bob's process: he waits to be called. */

import { renewDevice } from '../src/core/identity.ts'
import { seconds } from '../src/core/world.ts'
import { systemWorld } from '../src/identity/system-world.ts'
import type { Connection, Remote } from '../src/index.ts'
import { openVault } from '../src/store/vault.ts'
import { serve } from './calls.ts'
import { createPerson, type Parts, type Person, realParts, textOf } from './person.ts'

export type Bob = Person & {
  /** The next peer that proved its address. */
  accept(): Promise<Remote>
  say(text: string): Promise<void>
  hear(): Promise<string | null>
  /** Takes the file that is offered next; resolves with its path. */
  saveFile(folder: string): Promise<string>
  /** Streams others opened to him, and connections that came of them. */
  visitors(): Promise<Visitors>
  /** Replaces his device's keys by an update of his log, and is back on the network with them. */
  renew(): Promise<void>
}

export type Visitors = { readonly streams: number; readonly accepted: number }

export const createBob = (parts: Parts = realParts): Bob => {
  const { actions, wiretap, opened } = createPerson(parts)
  const waiting: Connection[] = []
  let accepted = 0
  let arrival = Promise.withResolvers<void>()
  let connection: Connection | undefined

  const alice = (): Connection => {
    if (connection === undefined) throw new Error('Bob is in no conversation')
    return connection
  }
  const receiveAll = async (connections: AsyncIterable<Connection>): Promise<void> => {
    for await (const next of connections) {
      accepted += 1
      waiting.push(next)
      arrival.resolve()
      arrival = Promise.withResolvers()
    }
  }

  return {
    ...actions,
    listen: async () => {
      const announcement = await actions.listen()
      const { listener } = opened()
      if (listener !== null) void receiveAll(listener)
      return announcement
    },
    accept: async () => {
      while (waiting.length === 0) await arrival.promise
      connection = waiting.shift()
      return alice().remote
    },
    say: (text) => alice().send(text),
    hear: async () => textOf(await alice().receive()),
    saveFile: async (folder) => {
      const { files } = opened().peer
      const offer = await files.receive({ from: alice().remote.address })
      if (offer === null) throw new Error('a file was expected')
      const { id } = await offer.accept(folder)
      return (await files.finished(id)).path
    },
    visitors: async () => ({ streams: wiretap.incoming, accepted }),
    renew: async () => {
      const { folder, bootstrap, identity } = opened()
      await actions.close()
      const now = seconds(systemWorld)
      const vault = await openVault(folder, null, now)
      await vault.save(await renewDevice(identity, now, systemWorld.random))
      await actions.open(folder, bootstrap)
    },
  }
}

if (import.meta.main) serve(createBob())
