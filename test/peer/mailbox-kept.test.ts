import assert from 'node:assert/strict'
import { rm, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { openKeptMailbox } from '../../src/peer/mailbox-kept.ts'
import { openStore } from '../../src/store/store.ts'
import { makeTemporary } from '../store/folders.ts'

test('a mailbox whose file vanished, or was emptied, goes on and says so, once', async (t) => {
  const folder = await makeTemporary(t)
  const store = openStore(folder)
  t.after(() => store.close())
  const open = (): readonly string[] => {
    const { mailbox, early } = openKeptMailbox(folder, store)
    mailbox.close()
    return early.map(({ type }) => type)
  }
  assert.deepEqual([open(), open()], [[], []])
  for (const lose of [() => rm(join(folder, 'mailbox.db')), () => truncate(join(folder, 'mailbox.db'))]) {
    await lose()
    assert.deepEqual([open(), open()], [['mailbox-lost'], []])
  }
  const memory = openKeptMailbox(null, store)
  assert.deepEqual(memory.early, [])
  memory.mailbox.close()
})
