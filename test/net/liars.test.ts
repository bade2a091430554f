import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { IncomingRequest, PluginRequest } from 'hyperdht'
import Plugin from 'hyperdht/lib/plugin.js'
import { signCard } from '../../src/core/card.ts'
import { createLog, updateLog } from '../../src/core/key-log.ts'
import { fetchKem } from '../../src/directory/client/fetch-kem.ts'
import { lookup } from '../../src/directory/client/lookup.ts'
import { publish } from '../../src/directory/client/publish.ts'
import { createStorage, type Storage } from '../../src/directory/node/storage.ts'
import { joinDirectory } from '../../src/network/directory-plugin.ts'
import type { DhtNode } from '../../src/network/node.ts'
import { at, commitmentAfter, makeBytes, makeIdentity, makePrekeys, publicOf } from '../core/identities.ts'
import { startNetwork } from '../network/loopback-network.ts'

/** Real nodes over UDP, every third of which is silent, says nothing, talks nonsense, lives in the past, or names nodes there are not. */

const NOW = Math.floor(Date.now() / 1000)
const alice = makeIdentity('Alice')
const root = at(alice.roots, 0)
const { spk, kem } = makePrekeys('Alice')
const content = { devices: publicOf(alice.devices), time: NOW - 60 }
const old = createLog(root, commitmentAfter(alice, 0), content)
const log = updateLog(old, root, { ...content, time: NOW })
const cardOf = (head: typeof log) =>
  signCard(head, at(alice.devices, 0).sign, {
    ...{ device: 0, now: NOW * 1000, inc: makeBytes('inc', 16), spk: spk.publicKey, kem: kem.publicKey },
    transport: makeBytes('transport', 32),
  })
const recordsOf = (head: typeof log) => ({ log: head, card: { signed: cardOf(head), kem: kem.publicKey } })
const inTime = (): AbortSignal => AbortSignal.timeout(60_000)

/** Answers in the place of the directory's plugin. */
class Replacement extends Plugin {
  readonly #answer: (request: PluginRequest, envelope: IncomingRequest) => void

  constructor(answer: Replacement['onrequest']) {
    super('handfast', 1)
    this.#answer = answer
  }

  override onrequest(request: PluginRequest, envelope: IncomingRequest): void {
    this.#answer(request, envelope)
  }

  override onpersistent(): void {}

  override destroy(): void {}
}

type Lie = (node: DhtNode, storage: Storage) => void

const replace = ({ dht }: DhtNode, answer: Replacement['onrequest']): void => {
  dht.plugins.set('handfast', new Replacement(answer))
}

const LIES: Readonly<Record<string, Lie>> = {
  silent: (node) => replace(node, () => {}),
  null: (node) => replace(node, (_, envelope) => envelope.reply(null)),
  garbage: (node) => replace(node, (_, envelope) => envelope.reply(makeBytes('garbage', 300))),
  // It has what was published first, and takes no more.
  stale: (node, storage) =>
    replace(node, ({ command, value }, envelope) => {
      if (command !== 2 && value !== null)
        envelope.reply(storage.handle(0, value, { now: NOW, proven: envelope.token !== null }))
    }),
  'closer nodes that are not there': ({ dht }) => {
    dht.table.closest = (target, count) =>
      Array.from({ length: count ?? 20 }, (_, index) => ({
        id: Buffer.from(target),
        host: `127.7.${index}.${1 + ((target[0] ?? 0) & 127)}`,
        port: 1 + index,
      }))
  },
}

const SIZE = 24

const start = async (t: TestContext, lie: Lie) => {
  const network = await startNetwork(t, SIZE)
  const storages = network.nodes.map(({ dht }) => {
    const storage = createStorage()
    joinDirectory(dht, storage)
    return storage
  })
  const [owner, reader] = await Promise.all([network.join(), network.join()])
  const directory = joinDirectory(owner.dht, createStorage())
  await publish(directory, recordsOf(old), inTime())
  for (const [index, node] of network.nodes.entries()) if (index % 3 === 2) lie(node, at(storages, index))
  await publish(directory, recordsOf(log), inTime())
  return joinDirectory(reader.dht, createStorage())
}

for (const [name, lie] of Object.entries(LIES))
  test(`§4 a third of all nodes ${name}: the update is found with its key, and nothing else`, async (t) => {
    const network = await start(t, lie)
    const found = await lookup(network, log.id, { now: NOW, signal: inTime() })
    assert.deepEqual(found.log.last.hash, log.last.hash)
    assert.deepEqual([found.freshness, found.fork, found.evidence.complete], ['current', null, true])
    // Honest nodes there are 16; liars agree at most by tellling the truth about what they hold.
    assert.ok(found.evidence.agreeing >= 12, found.verdict.reason)
    assert.notEqual(found.verdict.kind, 'eclipse', found.verdict.reason)
    assert.ok(found.card !== null)
    const key = await fetchKem(network, { card: found.card, holders: found.holders }, inTime())
    assert.deepEqual(key, kem.publicKey)
  })
