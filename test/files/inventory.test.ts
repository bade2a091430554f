import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Line } from '../../src/connection/service.ts'
import { equal } from '../../src/core/bytes.ts'
import { secretKey } from '../../src/core/kdf.ts'
import { FILE_AGE_MAX } from '../../src/core/limits/file-limits.ts'
import { openInventory } from '../../src/files/inventory.ts'
import { openStore } from '../../src/store/store.ts'
import type { NewTransfer, StoredTransfer } from '../../src/store/transfer-store.ts'
import { makeWorld, settle } from '../connection/sides.ts'
import { makeBytes, NOW } from '../core/identities.ts'

/** Which files the other side says to have, and what becomes of those it lost. */

const peer = makeBytes('peer', 32)
const idOf = (n: number): Uint8Array => makeBytes(`file/${n}`, 16)

const transfer = (n: number, changed: Partial<NewTransfer> = {}): NewTransfer => ({
  ...{ peer, out: true, id: idOf(n), at: (NOW + n) * 1000, queued: (NOW + n) * 1000, size: 4, changed: 5, part: null },
  ...{ state: 'delivered', reason: null, name: `${n}.txt`, path: `/${n}.txt`, hash: makeBytes('hash', 32) },
  secret: secretKey(makeBytes('secret', 32)),
  ...changed,
})

/** So many files were delivered, a second apart. */
const start = (
  files: number,
  { since = null, isContact = true }: { since?: number | null; isContact?: boolean } = {},
) => {
  const store = openStore(null)
  for (let n = 0; n < files; n++) store.transfers.add(transfer(n))
  const said: unknown[] = []
  const again: Uint8Array[] = []
  const changed: StoredTransfer[] = []
  const world = makeWorld('inventory', NOW + 100)
  const line = { peer, say: async (payload: unknown) => void said.push(payload) } as unknown as Line
  const open = () =>
    openInventory(
      {
        ...{ store, world, isContact: () => isContact, provenSince: () => since },
        again: (one) => void again.push(one),
        changed: (row) => void changed.push(row),
      },
      line,
    )
  const hear = async (...named: readonly number[]): Promise<void> => {
    open().handle({ k: 'files-have', ids: named.map(idOf) })
    await settle()
  }
  const states = () => store.transfers.list(peer, 1e9, 100).map(({ state }) => state)
  return { store, world, said, again, changed, open, hear, states }
}

test('what is younger than a file that is named was lost with a folder that was there before: it is offered again, anew', async () => {
  const { store, hear, states, again, changed } = start(4)
  await hear(1, 2)
  // Of what is older than the oldest one named nothing is concluded.
  assert.deepEqual(states(), ['delivered', 'delivered', 'delivered', 'queued'])
  assert.deepEqual([again, changed.map(({ name }) => name)], [[peer], ['3.txt']])
  const [row] = store.transfers.open(peer, 'queued')
  assert.equal(row?.queued, (NOW + 100) * 1000)
  assert.ok(!equal(Uint8Array.from(row?.secret?.export() ?? []), makeBytes('secret', 32)))
  store.close()
})

test('who names none has lost them: they are gone, unless a place proves that it was there before them', async () => {
  const { store, hear, states, again } = start(2)
  await hear()
  assert.deepEqual([states(), again], [['gone', 'gone'], []])
  store.close()
  const proven = start(3, { since: NOW + 1 })
  await proven.hear()
  assert.deepEqual([proven.states(), proven.again], [['gone', 'gone', 'queued'], [peer]])
  proven.store.close()
})

test('nothing is concluded of what is older than a month, of what is delivered meanwhile, nor from saying it twice', async () => {
  const { store, world, open, states } = start(1)
  const inventory = open()
  store.transfers.add(transfer(7))
  inventory.handle({ k: 'files-have', ids: [idOf(0)] })
  inventory.handle({ k: 'files-have', ids: [] })
  await settle()
  assert.deepEqual(states(), ['delivered', 'delivered'])
  world.now += FILE_AGE_MAX + 10
  open().handle({ k: 'files-have', ids: [] })
  await settle()
  assert.deepEqual(states(), ['delivered', 'delivered'])
  store.close()
})

test('a contact is told what is here of its files, the latest first; a stranger is told nothing', () => {
  const { store, said, open } = start(0)
  for (const [n, changed] of [
    [1, {}],
    [2, {}],
    [3, { state: 'refused' }],
  ] as const)
    store.transfers.add(transfer(n, { out: false, state: 'saved', changed: 0, secret: null, ...changed }))
  open()
  assert.deepEqual(said, [{ k: 'files-have', ids: [idOf(2), idOf(1)] }])
  store.close()
  const strange = start(0, { isContact: false })
  strange.open()
  assert.deepEqual(strange.said, [])
  strange.store.close()
})
