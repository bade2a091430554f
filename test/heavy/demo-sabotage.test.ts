/** The demo's checks against parts that were broken on purpose: each check must notice. With whole parts all of them hold. */

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type Alice, createAlice } from '../../demo/alice.ts'
import { type Bob, createBob } from '../../demo/bob.ts'
import { encodeCapture } from '../../demo/capture.ts'
import { createMallory, type Mallory } from '../../demo/mallory.ts'
import { type Network, startNetwork } from '../../demo/network.ts'
import { type Introduction, type Parts, realParts } from '../../demo/person.ts'
import { createStage, nobody, type Step, type StepResult } from '../../demo/stage.ts'
import { standBetween } from '../../demo/steps/between.ts'
import { overhear } from '../../demo/steps/eavesdropper.ts'
import { forgeCards } from '../../demo/steps/forged-card.ts'
import { answerLookups } from '../../demo/steps/lying-nodes.ts'
import type { Published } from '../../demo/steps/meeting.ts'
import { serveThePast } from '../../demo/steps/outdated-log.ts'
import { exchangeMessages, MESSAGES, openStream, STREAMED, sayGoodbye } from '../../demo/steps/talking.ts'
import { encodeFrame } from '../../src/connection/frames.ts'
import { utf8 } from '../../src/core/bytes.ts'
import { createStorage, type Storage } from '../../src/directory/node/storage.ts'
import { COMMAND, encodeMessage } from '../../src/directory/request-format.ts'
import { decodeAddress } from '../../src/index.ts'
import type { FrameStream } from '../../src/network/frame-stream.ts'
import type { Transport } from '../../src/network/transport.ts'
import { openStore } from '../../src/store/store.ts'

type Scene = {
  readonly folder: string
  readonly network: Network
  readonly alice: Alice
  readonly bob: Bob
  readonly mallory: Mallory
  readonly people: { readonly alice: Introduction; readonly bob: Introduction }
  /** Bob's address and what he published */
  readonly address: string
  readonly published: Published
}

type Broken = { readonly parts?: Partial<Parts>; readonly storage?: () => Storage }

const NODES = 6

/** Alice, Bob and Mallory in this process, on a small network of their own. */
const setScene = async (t: TestContext, { parts = {}, storage = createStorage }: Broken): Promise<Scene> => {
  const folder = await mkdtemp(join(tmpdir(), 'handfast-demo-sabotage-'))
  const network = await startNetwork(NODES, storage)
  const [alice, bob] = [createAlice({ ...realParts, ...parts }), createBob({ ...realParts, ...parts })]
  const mallory = createMallory()
  t.after(async () => {
    await Promise.all([alice.close(), bob.close(), mallory.close()])
    await network.close()
    await rm(folder, { recursive: true })
  })
  const folders = { alice: join(folder, 'alice'), bob: join(folder, 'bob') }
  const people = { alice: await alice.create(folders.alice), bob: await bob.create(folders.bob) }
  await Promise.all([alice.open(folders.alice, network.bootstrap), bob.open(folders.bob, network.bootstrap)])
  await Promise.all([alice.listen(), bob.listen()])
  const { address } = people.bob
  await mallory.open(network.bootstrap, address)
  const [holding] = network.holdings(decodeAddress(address))
  const published = { head: holding?.head ?? '', card: holding?.card ?? '' }
  return { folder, network, alice, bob, mallory, people, address, published }
}

const play = async (act: (step: Step) => Promise<void>): Promise<StepResult> => {
  const stage = createStage(nobody, new AbortController().signal)
  await stage.step('step', 'a step', act).catch(() => undefined)
  const [result] = stage.results
  assert.ok(result)
  return result
}

/** What came instead of what was expected; and why the step ended, if it did before its end. */
const failures = ({ checks, failure }: StepResult): readonly string[] => [
  ...checks.filter(({ ok }) => !ok).map(({ actual }) => String(actual)),
  ...(failure === undefined ? [] : [failure]),
]

const outdated = (step: Step, scene: Scene, restarted: Alice): Promise<void> =>
  serveThePast(step, {
    ...scene,
    old: scene.published,
    folder: join(scene.folder, 'alice'),
    restartAlice: async () => {
      await scene.alice.close()
      return restarted
    },
  })

test('with whole parts every check holds, and one word in the clear is noticed', async (t) => {
  const scene = await setScene(t, {})
  const content = Uint8Array.from(randomBytes(200_000))
  const file = join(scene.folder, 'file')
  await writeFile(file, content)
  let streamed = new Uint8Array(0)
  const talk = await play(async (step) => {
    await Promise.all([scene.alice.connect(scene.address), scene.bob.accept()])
    await exchangeMessages(step, scene)
    streamed = Uint8Array.from(await openStream(step, scene, scene.folder))
    await Promise.all([scene.alice.sendFile(file), scene.bob.saveFile(join(scene.folder, 'received'))])
    await sayGoodbye(step, scene)
  })
  assert.deepEqual(failures(talk), [])

  const leaks = {
    nothing: null,
    message: utf8(MESSAGES.bob[1]),
    file: content.subarray(0, 4096),
    stream: streamed.subarray(0, 4096),
  }
  for (const [name, leak] of Object.entries(leaks)) {
    const saveCapture = async (path: string): Promise<void> => {
      await scene.alice.saveCapture(path)
      if (leak === null) return
      const frame = encodeFrame({ t: 'chunk', id: new Uint8Array(16), i: 0, d: leak })
      await appendFile(path, encodeCapture([{ outgoing: true, frame }]))
    }
    const result = await play((step) => overhear(step, { ...scene, alice: { saveCapture }, content, streamed }))
    assert.deepEqual(failures(result), leak === null ? [] : ['1'], name)
  }
  assert.deepEqual(failures(await play((step) => forgeCards(step, scene))), [])
  assert.deepEqual(failures(await play((step) => answerLookups(step, scene))), [])
  assert.deepEqual(failures(await play((step) => standBetween(step, scene))), [])
  const restarted = createAlice()
  t.after(() => restarted.close())
  assert.deepEqual(failures(await play((step) => outdated(step, scene, restarted))), [])
})

/** Every stream says the same of its handshake, so that a live card fits them all. */
const withoutBinding = (real: Transport): Transport => {
  const unbound = (stream: FrameStream): FrameStream => ({ ...stream, handshakeHash: new Uint8Array(64) })
  async function* all(streams: AsyncIterable<FrameStream>): AsyncGenerator<FrameStream, void, undefined> {
    for await (const stream of streams) yield unbound(stream)
  }
  return {
    ...real,
    connect: async (key, options) => unbound(await real.connect(key, options)),
    listen: async (options) => all(await real.listen(options)),
  }
}

test('where cards are not bound to their stream, Mallory gets between, and the check notices', async (t) => {
  const scene = await setScene(t, { parts: { transport: withoutBinding } })
  const result = await play((step) => standBetween(step, scene))
  assert.equal(result.ok, false)
  assert.ok(failures(result).includes('no error'))
})

/** Takes whatever it is given. */
const gullibleStorage = (): Storage => {
  const real = createStorage()
  return {
    handle: (command, value, request) => {
      const answer = real.handle(command, value, request)
      return command === COMMAND.put && answer !== null ? encodeMessage({ refused: null }) : answer
    },
    get size() {
      return real.size
    },
  }
}

test('where nodes take what they cannot verify, the check notices', async (t) => {
  const scene = await setScene(t, { storage: gullibleStorage })
  const result = await play((step) => forgeCards(step, scene))
  assert.equal(result.ok, false)
  assert.ok(failures(result).includes(`accepted from ${NODES}`))
})

test('where Alice forgets what she has seen, the outdated log fools her, and the check notices', async (t) => {
  const scene = await setScene(t, {})
  await scene.mallory.startLiars([])
  const forgetful = createAlice({ ...realParts, store: () => openStore(null) })
  t.after(() => forgetful.close())
  const result = await play((step) => outdated(step, scene, forgetful))
  assert.deepEqual(failures(result), ['no error'])
})

test('where a byte stream loses what it was given, or anybody may open one, the checks notice', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'handfast-demo-sabotage-'))
  t.after(() => rm(folder, { recursive: true }))
  const lossy = { pipe: async () => ({ written: STREAMED.size, answer: 'something else' }) }
  const bob = { serve: async () => {} }
  const result = await play(async (step) => void (await openStream(step, { alice: lossy, bob }, folder)))
  assert.deepEqual(failures(result), ['something else', 'no error'])
})

test('a step without a check, or that throws, is not verified', async () => {
  assert.equal((await play(async () => undefined)).ok, false)
  const thrown = await play(async (step) => {
    step.check('a claim', 1, 1)
    throw new Error('too late')
  })
  assert.equal(thrown.ok, false)
  assert.equal((await play(async (step) => step.check('a claim', 1, 2))).ok, false)
  assert.equal((await play(async (step) => step.checkAtLeast('a claim', 1, 2))).ok, false)
  assert.equal((await play(async (step) => step.check('a claim', 1, 1))).ok, true)
})
