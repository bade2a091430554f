import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLog } from '../../src/core/key-log.ts'
import { PEER_IDENTITIES_MAX } from '../../src/core/limits/record-limits.ts'
import { openRecords } from '../../src/peer/peer-records.ts'
import { at, commitmentAfter, makeBytes, makeIdentity, NOW, publicOf } from '../core/identities.ts'
import { entryPut, put } from '../directory/records.ts'

/** Identities that differ in what they commit to: keys are dear to make. */
const alice = makeIdentity('Alice')
const puts = Array.from({ length: PEER_IDENTITIES_MAX + 50 }, (_, index) =>
  entryPut(
    createLog(
      at(alice.roots, 0),
      { ...commitmentAfter(alice, 0), next: makeBytes(`next ${index}`, 32) },
      { devices: publicOf(alice.devices), time: NOW },
    ),
  ),
)

test('a peer keeps so many identities for others and no more, and a storage node more than that', () => {
  const peer = openRecords({ storage: false, folder: undefined }, { self: () => makeBytes('peer', 32) })
  const node = openRecords({ storage: true, folder: undefined }, { self: () => makeBytes('node', 32) })
  for (const one of puts) {
    put(peer, one)
    assert.equal(put(node, one), null)
  }
  assert.equal(peer.size, PEER_IDENTITIES_MAX)
  assert.equal(node.size, puts.length)
})
