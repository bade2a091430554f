/** Carol is found on nodes that know nothing of Handfast, also when some lie, and gets rid of who has stolen all that is on her device. */

import { cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { hex } from '../../src/core/bytes.ts'
import { createIdentity } from '../../src/core/identity.ts'
import { seconds } from '../../src/core/world.ts'
import { systemWorld } from '../../src/identity/system-world.ts'
import { openPeer, type Peer, rotate } from '../../src/index.ts'
import { createStockNode, type StockNode } from '../../src/network/stock-node.ts'
import { createVault } from '../../src/store/vault.ts'
import type { Mallory } from '../mallory.ts'
import { refusedBy } from '../person.ts'
import type { Step } from '../stage.ts'

const NODES = 16

type Thief = Pick<Mallory, 'joinStrangers' | 'spoilSlot' | 'seizeNext'>

/** @returns packets that the guards of these nodes refused */
export const meetAmongStrangers = async (step: Step, mallory: Thief, folder: string): Promise<number | null> => {
  const nodes: StockNode[] = []
  try {
    const first = await createStockNode([])
    nodes.push(first)
    nodes.push(...(await Promise.all(Array.from({ length: NODES - 1 }, () => createStockNode([first])))))
    const network = `${first.host}:${first.port}`
    step.say(`${NODES} nodes of HyperDHT as anybody runs them: they check hashes and signatures, and`)
    step.say('have never heard of Handfast.')
    const liars = await mallory.joinStrangers(network)
    step.show('Mallory', `${liars} more, which send noise, or nothing, or what was there first`)
    await using reader = await openPeer({ network, listen: false })
    await rob(step, mallory, { network, reader, folder })
    return refusedBy(nodes)
  } finally {
    await Promise.all(nodes.map((node) => node.close()))
  }
}

type Robbery = { readonly network: string; readonly reader: Peer; readonly folder: string }

const rob = async (step: Step, mallory: Thief, { network, reader, folder }: Robbery): Promise<void> => {
  const { identity, phrase } = createIdentity(seconds(systemWorld), systemWorld.random)
  const [device, copy] = [join(folder, 'carol'), join(folder, 'copied')]
  await mkdir(folder, { recursive: true })
  await createVault(device, identity, null)
  await cp(device, copy, { recursive: true })
  const look = async (address: string) => {
    const { freshness, verdict, evidence, log } = await reader.lookup(address)
    return { freshness, kind: verdict.kind, flaws: evidence.flaws.join(), epoch: log.epoch, head: hex(log.last.hash) }
  }
  const announce = async (): Promise<string> => {
    await using carol = await openPeer({ folder: device, network, listen: false })
    await carol.publish()
    return carol.address
  }
  const address = await announce()
  step.show('Carol', address)
  const before = await look(address)
  step.check('she is found, by her address alone', before.head, hex(identity.log.last.hash))
  step.check('and her keys hold', before.freshness, 'current')

  const spoilt = await mallory.spoilSlot(copy)
  step.show('stolen', `Mallory has copied her folder: ${spoilt.took} nodes took what she wrote over Carol’s card`)
  step.checkAtLeast('nodes that took it', spoilt.took, 1)
  const robbed = await look(address)
  step.check('nobody is told that these keys hold', robbed.freshness, 'stale')
  step.check('and why', robbed.flaws, 'spoiled')

  const seized = await mallory.seizeNext()
  step.checkAtLeast('nodes she asks to keep something where the next keys will be announced', seized.asked, 1)
  step.check('nodes that did', seized.took, 0)
  await rotate({ folder: device, phrase, network })
  await announce()
  const after = await look(address)
  step.check('Carol rotates with her phrase: rotations that are found', after.epoch, 1)
  step.check('and the new keys hold', after.freshness, 'current')
  step.check('flaws that are left', after.flaws, '')
}
