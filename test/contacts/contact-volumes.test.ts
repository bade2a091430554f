import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createContacts } from '../../src/contacts/contact-api.ts'
import { encodeAddress } from '../../src/core/address.ts'
import { openStore } from '../../src/store/store.ts'
import { alice, makeWorld } from '../connection/sides.ts'
import { NOW } from '../core/identities.ts'

/** What a contact may send, as a program says it. */

const who = encodeAddress(alice.log.id)

test('what is left out stays, null is as by default, 0 is nothing, and nothing else is a limit', () => {
  const store = openStore(null)
  const contacts = createContacts(store, makeWorld('volumes'))
  assert.throws(() => contacts.volumes(who), { code: 'ERR_CONTACT' })
  assert.throws(() => contacts.limit(who, { messagesDay: 1 }), { code: 'ERR_CONTACT' })
  store.contacts.keep(alice.log, NOW)
  const usual = contacts.volumes(who)
  contacts.limit(who, { messagesDay: 0, filesTotal: 7 })
  const { messages, files } = contacts.limit(who, { filesTotal: null })
  assert.deepEqual(
    [messages.todayMax, messages.keptMax, files.keptMax],
    [0, usual.messages.keptMax, usual.files.keptMax],
  )
  for (const wrong of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60])
    assert.throws(() => contacts.limit(who, { messagesTotal: wrong }), { code: 'ERR_CONTACT_LIMIT' })
  assert.equal(contacts.volumes(who).messages.todayMax, 0)
  store.close()
})
