import assert from 'node:assert/strict'
import { test } from 'node:test'
import { STRANGER_MESSAGES_MAX, STRANGERS_PARCELS_MAX } from '../../src/core/limits/message-limits.ts'
import { alice, bob } from '../connection/sides.ts'
import { meet, parcels } from '../messages/residents.ts'

test('what there is no room for waits, and of strangers only so many envelopes do', async (t) => {
  const { town, a, b } = await meet(t)
  await a.write(b.address, 'one')
  await b.fetch()
  await a.fetch()
  const count = STRANGERS_PARCELS_MAX + 2
  await a.visit(async ({ messages }) => {
    for (let index = 0; index < STRANGER_MESSAGES_MAX + count; index++) {
      // A mailbox answers strangers at a rate.
      town.pass(1)
      const { id } = await messages.send(b.address, `${index}`)
      while (a.store.messages.history(bob.log.id, 'handfast', id + 1, 1)[0]?.state !== 'sent')
        await new Promise((resolve) => setImmediate(resolve))
    }
  })
  await b.visit(async ({ mailboxes }) => {
    // Nobody takes what came, so there is room for the first ones only.
    const fetched = await mailboxes.fetch()
    assert.deepEqual(fetched, { taken: STRANGER_MESSAGES_MAX, left: STRANGERS_PARCELS_MAX, held: 0, failures: [] })
  })
  assert.equal(parcels(town).length, STRANGERS_PARCELS_MAX)
  b.store.contacts.keep(alice.log, 0)
  assert.equal((await b.fetch()).length, STRANGER_MESSAGES_MAX + STRANGERS_PARCELS_MAX)
})
