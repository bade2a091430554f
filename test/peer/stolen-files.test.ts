import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { encodeAddress } from '../../src/core/address.ts'
import { createIdentity, type Identity } from '../../src/core/identity.ts'
import { rotateIdentity } from '../../src/core/recovery.ts'
import type { Peer } from '../../src/peer/peer.ts'
import { bob, makeTemporary, makeWorld } from '../connection/sides.ts'
import { makeBytes, NOW } from '../core/identities.ts'
import { seededRandom } from '../core/test-bytes.ts'
import { storeAt } from '../files/file-sides.ts'
import { collect, isOfType } from '../messages/told.ts'
import { createTown } from '../messages/town.ts'

/** Mallory copied the device keys of Alice, and sends files to Bob. */

const { identity: alice, phrase } = createIdentity(NOW, seededRandom('stolen files/alice'))
const address = encodeAddress(alice.log.id)
const rotated = rotateIdentity(alice.log, phrase, NOW, seededRandom('stolen files/rotated'))

let opened = 0

const start = (t: TestContext) => {
  const town = createTown()
  /** Somebody with a transport key of their own, whose card is later than those before. */
  const open = (name: string, identity: Identity) => {
    opened += 1
    const transport = town.transports.add(makeBytes(`stolen files/${name}`, 32))
    const world = makeWorld(`stolen files/${opened}`, NOW + opened)
    const peer = town.open(identity, { store: storeAt(null), transport, world })
    t.after(() => peer.close())
    return peer
  }
  return { open, bob: open('bob', bob) }
}

test('a file that the thief sent is told and marked once its owner rotated, and what came from the owner is not', async (t) => {
  const { open, bob: b } = start(t)
  const dir = await makeTemporary(t)
  const events = collect(b)
  await b.listen()
  const path = join(dir, 'plans.txt')
  await writeFile(path, 'plans')
  const receive = async (from: Peer): Promise<void> => {
    const { id } = await from.files.send(b.address, path)
    await (await b.files.receive())?.accept(join(dir, 'bob'))
    await from.files.finished(id)
  }
  const mallory = open('mallory', alice)
  await mallory.listen()
  await receive(mallory)
  const back = open('back', rotated)
  await back.listen()
  await receive(back)
  await b.lookup(address)
  assert.deepEqual(
    b.files.list().map(({ state, exposed }) => [state, exposed]),
    [
      ['saved', true],
      ['saved', false],
    ],
  )
  assert.partialDeepStrictEqual(events.filter(isOfType('exposed')), [{ received: 0, receivedFiles: 1 }])
})
