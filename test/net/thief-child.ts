/**
 * Child of theft-processes.test.ts: what Mallory does that no command offers. `node thief-child.ts <deed> <folder> <network>
 * [address]`: she has a copy of the owner's data folder, and the network. One JSON line tells how it went.
 */

import { hex } from '../../src/core/bytes.ts'
import { HandfastError } from '../../src/core/errors.ts'
import { type Identity, renewDevice } from '../../src/core/identity.ts'
import { type EntryContent, updateLogBy } from '../../src/core/key-log.ts'
import { rootSigner } from '../../src/core/root-key.ts'
import { seconds } from '../../src/core/world.ts'
import { systemWorld } from '../../src/identity/system-world.ts'
import { openPeer } from '../../src/peer/open.ts'
import { openVault } from '../../src/store/vault.ts'
import { reaches } from '../messages/told.ts'

const { random } = systemWorld
const now = seconds(systemWorld)

const update = async (identity: Identity, content: Partial<EntryContent> = {}): Promise<Identity> => {
  const { log, root } = identity
  return {
    ...identity,
    log: await updateLogBy(log, rootSigner(root), { devices: log.last.entry.devices, time: now, ...content }),
  }
}

/** What she signs with the root key of the laptop. */
const DEEDS: Readonly<Record<string, (stolen: Identity) => Promise<Identity>>> = {
  /** Keys that only she has; and a transport key, or the laptop would take some of the calls. */
  renew: (stolen) => renewDevice(stolen, now, random),
  retire: (stolen) => update(stolen, { status: 'retired' }),
  /** As long as she likes. */
  lengthen: async (stolen) => update(await update(await update(stolen))),
  /** Nothing more: she only connects to the address, as the owner. */
  connect: async (stolen) => stolen,
}

const [, , deed = '', folder = '', network = '', address = ''] = process.argv
const say = (event: object): void => void process.stdout.write(`${JSON.stringify(event)}\n`)

const vault = await openVault(folder, null)
const identity = await DEEDS[deed]?.(vault.identity)
if (identity === undefined) throw new Error(`no such deed: ${deed}`)
await vault.save(identity)
await using peer = await openPeer({ folder, network, listen: false })
const { seq } = identity.log.last.entry
const head = hex(identity.log.last.hash)
try {
  if (deed === 'connect') {
    const connection = await peer.connect(address)
    const ended = connection.closed.then(({ error }) => Promise.reject(error ?? new Error('they left')))
    const outcome = Promise.race([reaches(peer, 'delivered'), ended])
    outcome.catch(() => {})
    await peer.messages.send(address, 'it is me, Alice')
    say({ event: 'heard', message: await outcome })
  } else {
    const { accepted } = await peer.publish()
    say({ event: 'published', seq, head, accepted })
  }
} catch (error) {
  if (!(error instanceof HandfastError)) throw error
  say({ event: 'refused', seq, head, code: error.code, message: error.message })
}
