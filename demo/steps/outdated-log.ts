/** Bob replaces his device's keys; Mallory serves his log from before, at last to an Alice whom only she surrounds. */

import { decodeAddress } from '../../src/index.ts'
import { openStore } from '../../src/store/store.ts'
import type { Bob } from '../bob.ts'
import type { Mallory } from '../mallory.ts'
import type { Network } from '../network.ts'
import type { Person } from '../person.ts'
import { endOf, type Step } from '../stage.ts'
import { describeEvidence, type Published, publish } from './meeting.ts'

export type Past = {
  readonly alice: Pick<Person, 'lookup'>
  readonly bob: Pick<Bob, 'renew' | 'listen'>
  readonly mallory: Pick<Mallory, 'tellThePast' | 'startEclipse'>
  readonly network: Network
  /** Bob's address */
  readonly address: string
  /** what Bob published before, which Mallory kept */
  readonly old: Published
  /** Alice's data folder */
  readonly folder: string
  /** Ends Alice's process; resolves with a new one that has nothing but the folder. */
  readonly restartAlice: () => Promise<Pick<Person, 'open' | 'lookup' | 'lookupWithoutMemory'>>
}

export const serveThePast = async (step: Step, past: Past): Promise<void> => {
  const { alice, bob, mallory, network, address, old, folder } = past
  step.say('Bob replaces his device’s keys: a second entry in his log, the same address.')
  await bob.renew()
  const published = await publish(step, { name: 'Bob', person: bob, address, network })
  step.check('his head is a new one', published.head !== old.head, true)

  step.say('Mallory’s lying nodes now serve his log and his card from before.')
  await mallory.tellThePast()
  const found = await alice.lookup(address)
  step.show('Alice', describeEvidence(found.evidence))
  step.checkAtLeast('nodes that served an older log', found.evidence.older, 1)
  step.check('the head Alice finds is the new one', found.head, published.head)
  step.check('Bob’s last entry, on Alice’s disk', rememberedEntry(folder, address), 1)

  step.say('Alice restarts, and every node she is told to start from is Mallory’s.')
  const eclipse = await mallory.startEclipse()
  const restarted = await past.restartAlice()
  await restarted.open(folder, eclipse)
  const fooled = await restarted.lookupWithoutMemory(address)
  step.show('stranger', describeEvidence(fooled.evidence))
  step.check('a stranger hears Mallory’s nodes only', fooled.evidence.answered, eclipse.length)
  step.check('a stranger is shown Bob’s old head', fooled.head, old.head)
  step.check('a stranger takes it for', fooled.freshness, 'current')
  step.check('Alice’s lookup ends in', await endOf(restarted.lookup(address)), 'KeyLogError ERR_ROLLBACK')
  step.check('Bob’s last entry, on Alice’s disk', rememberedEntry(folder, address), 1)
}

/** Number of the last entry of Bob's log that Alice accepted, as it stands on her disk. */
const rememberedEntry = (folder: string, address: string): number | null => {
  const store = openStore(folder)
  try {
    return store.floors.get(decodeAddress(address))?.seq ?? null
  } finally {
    store.close()
  }
}
