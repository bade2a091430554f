/** Bob's process: he waits to be called. */

import { renewDevice } from '../src/core/identity.ts'
import { seconds } from '../src/core/world.ts'
import { systemWorld } from '../src/identity/system-world.ts'
import type { Remote } from '../src/index.ts'
import { openVault } from '../src/store/vault.ts'
import { serve } from './calls.ts'
import { createPerson, type Parts, type Person, realParts } from './person.ts'
import { answerWithHash } from './pipe.ts'
import { describeEnding } from './told.ts'

export type Bob = Person & {
  /** The next peer that proved its address. */
  accept(): Promise<Remote>
  /** Resolves when she has it on her disk. */
  say(text: string): Promise<void>
  hear(): Promise<string>
  /** How the connection ended: see `describeEnding`. */
  ending(): Promise<string>
  /** From now on, the next byte stream for `protocol` is answered with the SHA-256 of what came, in hex. */
  serve(protocol: string): Promise<void>
  /** Takes the file that is offered next; resolves with its path. */
  saveFile(folder: string): Promise<string>
  /** Streams others opened to him, and connections that came of them. */
  visitors(): Promise<Visitors>
  /** Replaces his device's keys by an update of his log, and is back on the network with them. */
  renew(): Promise<void>
}

export type Visitors = { readonly streams: number; readonly accepted: number }

export const createBob = (parts: Parts = realParts): Bob => {
  const { actions, wiretap, told, opened, say, hear } = createPerson(parts)
  let remote: Remote | undefined
  const other = (): string => {
    if (remote === undefined) throw new Error('Bob is in no conversation')
    return remote.address
  }

  return {
    ...actions,
    accept: async () => {
      remote = (await told.take('connected')).remote
      return remote
    },
    say: (text) => say(other(), text),
    hear: () => hear(other()),
    ending: async () => describeEnding(await told.take('disconnected', (event) => event.remote.address === other())),
    serve: async (protocol) => void answerWithHash(opened().peer.serve(protocol)),
    saveFile: async (folder) => {
      const { files } = opened().peer
      const offer = await files.receive({ from: other() })
      if (offer === null) throw new Error('a file was expected')
      const { id } = await offer.accept(folder)
      return (await files.finished(id)).path
    },
    visitors: async () => ({ streams: wiretap.incoming, accepted: told.count('connected') }),
    renew: async () => {
      const { folder, bootstrap, identity } = opened()
      await actions.close()
      const now = seconds(systemWorld)
      const vault = await openVault(folder, null)
      await vault.save(await renewDevice(identity, now, systemWorld.random))
      await actions.open(folder, bootstrap)
    },
  }
}

if (import.meta.main) serve(createBob())
