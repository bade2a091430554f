/** The demo from beginning to end: which steps there are, and what they hand on to each other. */

import { join } from 'node:path'
import type { Cast } from './cast.ts'
import type { Network } from './network.ts'
import { refusedBy } from './person.ts'
import type { Players } from './players.ts'
import type { Stage } from './stage.ts'
import { standBetween } from './steps/between.ts'
import { overhear } from './steps/eavesdropper.ts'
import { forgeCards } from './steps/forged-card.ts'
import { answerLookups } from './steps/lying-nodes.ts'
import { checkIntroductions, introduce, lookUp, publish, shakeHands, startTheNetwork } from './steps/meeting.ts'
import { serveThePast } from './steps/outdated-log.ts'
import { replay } from './steps/replay.ts'
import { meetAmongStrangers } from './steps/strangers.ts'
import { exchangeMessages, openStream, sayGoodbye, sendFile } from './steps/talking.ts'

/** Every step, in order; the demo is verified only when all of them are. */
export const STEPS = {
  network: 'A DHT of 20 storage nodes',
  identities: 'Alice and Bob, two processes with a folder each',
  publication: 'They publish key log and card',
  lookup: 'They look each other up by address alone',
  handshake: 'They shake hands',
  messages: 'They talk',
  stream: 'Alice opens a byte stream to Bob',
  file: 'Alice sends a file of 10 MiB',
  eavesdropper: 'Mallory reads every byte',
  'forged-card': 'Mallory stores a forged card for Bob',
  'lying-nodes': 'Mallory answers lookups with her own keys',
  between: 'Mallory stands between the two streams',
  replay: 'Mallory replays Alice’s hello',
  'outdated-log': 'Mallory serves an outdated log',
  strangers: 'On nodes of strangers, some of them Mallory’s, who has stolen Carol’s device',
  loopback: 'No packet left this machine',
} as const

/** Tells the story with `players`; `keep` is given the network while it is still starting, to be closed in the end. */
export const tell = async (
  stage: Stage,
  { cast, players, keep }: { cast: Cast; players: Players; keep: (network: Promise<Network>) => void },
): Promise<void> => {
  const step = <T>(id: keyof typeof STEPS, act: Parameters<typeof stage.step<T>>[2]): Promise<T> =>
    stage.step(id, STEPS[id], act)
  const folders = { alice: join(cast.folder, 'alice'), bob: join(cast.folder, 'bob') }
  const [alice, bob, mallory] = [players.alice.actions, players.bob.actions, players.mallory.actions]

  const network = await step('network', (s) => {
    const starting = startTheNetwork(s)
    keep(starting)
    return starting
  })
  const people = await step('identities', async (s) => {
    const [a, b] = [await introduce(s, 'Alice', alice, folders.alice), await introduce(s, 'Bob', bob, folders.bob)]
    checkIntroductions(s, [a, b])
    return { alice: a, bob: b }
  })
  const addresses = { alice: people.alice.address, bob: people.bob.address }
  const published = await step('publication', async (s) => {
    await Promise.all([alice.open(folders.alice, network.bootstrap), bob.open(folders.bob, network.bootstrap)])
    const hers = await publish(s, { name: 'Alice', person: alice, address: addresses.alice, network })
    const his = await publish(s, { name: 'Bob', person: bob, address: addresses.bob, network })
    s.say('Acceptances they counted, and nodes that really keep it, asked one by one:')
    s.check('Alice', `${hers.accepted}, ${hers.keeping}`, `${hers.keeping}, ${hers.keeping}`)
    s.check('Bob', `${his.accepted}, ${his.keeping}`, `${his.keeping}, ${his.keeping}`)
    return { alice: hers, bob: his }
  })
  // Anybody may look Bob up; Mallory does it now, and keeps what she finds.
  const entering = mallory.open(network.bootstrap, addresses.bob)
  entering.catch(() => undefined)

  await step('lookup', async (s) => {
    await lookUp(s, { who: 'Alice', whom: 'Bob', seeker: alice, address: addresses.bob, published: published.bob })
    await lookUp(s, { who: 'Bob', whom: 'Alice', seeker: bob, address: addresses.alice, published: published.alice })
  })
  await step('handshake', (s) => shakeHands(s, { alice, bob, addresses }))
  await step('messages', (s) => exchangeMessages(s, { alice, bob }))
  const streamed = await step('stream', (s) => openStream(s, { alice, bob }, cast.folder))
  const content = await step('file', async (s) => {
    players.onProgress(({ done, size }) => s.progress(done, size))
    const sent = await sendFile(s, { alice, bob }, cast.folder)
    await sayGoodbye(s, { alice, bob })
    return sent
  })

  const entrance = await entering
  const bobs = { address: addresses.bob, published: published.bob }
  await step('eavesdropper', async (s) => {
    s.show('Mallory', entrance.address)
    s.show('', `process ${entrance.pid}`)
    await overhear(s, { alice, mallory, people, content, streamed, folder: cast.folder })
  })
  await step('forged-card', (s) => forgeCards(s, { alice, mallory, network, ...bobs }))
  // The process Alice will restart in: it knows nothing until then.
  const nextAlice = players.nextAlice().actions
  await step('lying-nodes', (s) => answerLookups(s, { alice, mallory, network, ...bobs }))
  await step('between', (s) => standBetween(s, { alice, bob, mallory, address: addresses.bob }))
  await step('replay', (s) => replay(s, { bob, mallory, address: entrance.address }))
  let refusedBefore: number | null = null
  await step('outdated-log', (s) =>
    serveThePast(s, {
      alice,
      bob,
      mallory,
      network,
      address: addresses.bob,
      old: published.bob,
      folder: folders.alice,
      restartAlice: async () => {
        refusedBefore = await alice.refusedPackets()
        await alice.close()
        await players.alice.end()
        return nextAlice
      },
    }),
  )
  const refusedByStrangers = await step('strangers', (s) => meetAmongStrangers(s, mallory, cast.folder))
  await step('loopback', async (s) => {
    s.say('Every socket is guarded: what is not for 127.0.0.0/8 is refused and counted.')
    s.check('refused at the 20 nodes', refusedBy(network.nodes), 0)
    s.check('refused at those of strangers', refusedByStrangers, 0)
    s.check('refused in Alice’s process', refusedBefore, 0)
    s.check('refused in the one she restarted as', await nextAlice.refusedPackets(), 0)
    s.check('refused in Bob’s process', await bob.refusedPackets(), 0)
    s.check('refused in Mallory’s process', await mallory.refusedPackets(), 0)
  })
  await Promise.all([nextAlice.close(), bob.close(), mallory.close()])
}
