import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeAddress } from '../../src/core/address.ts'
import type { FileOffer } from '../../src/files/file-api.ts'
import type { PeerEvent } from '../../src/peer/peer-events.ts'
import { createWaitingRoom } from '../../src/peer/waiting-room.ts'
import { openStore } from '../../src/store/store.ts'
import { remoteOf } from '../cli/chat/happenings.ts'
import { makeWorld, mallory, settle } from '../connection/sides.ts'
import { makeBytes } from '../core/identities.ts'

const address = encodeAddress(mallory.log.id)

test('who was blocked by another program a moment ago asks for nothing on the connection that is still there', async (t) => {
  const store = openStore(null)
  t.after(() => store.close())
  const told: PeerEvent[] = []
  const room = createWaitingRoom({
    ...{ own: makeBytes('own', 32), app: 'handfast', store, world: makeWorld('waiting') },
    ...{ tell: (event) => void told.push(event), tellKept: () => {}, invite: () => {} },
  })
  let refused = 0
  const offer: FileOffer = {
    ...{ peer: address, name: 'a.txt', size: 1, sha256: '' },
    accept: () => assert.fail('nobody accepts it'),
    refuse: async () => {
      refused += 1
    },
  }
  store.blocked.add(mallory.log.id, 0)
  room.emit({ type: 'connected', remote: remoteOf({ address, direction: 'in' }) })
  room.emit({ type: 'offer', offer })
  await settle()
  assert.deepEqual([told.map(({ type }) => type), room.list(), refused], [['connected'], [], 1])
  // It would ask, were it not blocked.
  store.blocked.remove(mallory.log.id)
  room.emit({ type: 'offer', offer })
  assert.deepEqual([told.map(({ type }) => type), room.list().length], [['connected', 'request'], 1])
})
