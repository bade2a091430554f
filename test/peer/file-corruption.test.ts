import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { flip, makeBytes } from '../core/identities.ts'
import { COUNT, chunkOf, content, hash, type Offered, sendAll, startWithOffers as start } from './offers.ts'
import { codeOf, nextText } from './sides.ts'

/** Every way in which the file that arrives may not be the file that was offered. */

/** The honest way, and every way from it: what Mallory does once Bob has accepted. */
const WAYS: readonly [string, string | undefined, (offered: Offered) => Promise<void>][] = [
  [
    'as offered',
    undefined,
    async (offered) => {
      await sendAll(offered)
      await offered.end()
    },
  ],
  ['a changed chunk', 'ERR_FILE_CORRUPT', async ({ chunk, seal }) => chunk(0, flip(seal(0)))],
  [
    'a chunk twice',
    'ERR_FILE_CORRUPT',
    async ({ chunk }) => {
      await chunk(0)
      await chunk(0)
    },
  ],
  [
    'chunks out of order',
    'ERR_FILE_CORRUPT',
    async ({ chunk }) => {
      await chunk(1)
      await chunk(0)
    },
  ],
  ['chunks that changed places', 'ERR_FILE_CORRUPT', async ({ chunk, seal }) => chunk(0, seal(1))],
  [
    'a chunk left out',
    'ERR_FILE_CORRUPT',
    async ({ chunk }) => {
      await chunk(0)
      await chunk(2)
    },
  ],
  [
    'an end too early',
    'ERR_FILE_CORRUPT',
    async ({ chunk, end }) => {
      await chunk(0)
      await end()
    },
  ],
  [
    'less than was offered, with a hash of its own',
    'ERR_FILE_CORRUPT',
    async ({ chunk, end }) => {
      await chunk(0)
      await end(Uint8Array.from(createHash('sha256').update(chunkOf(0)).digest()))
    },
  ],
  ['an end without chunks', 'ERR_FILE_CORRUPT', async ({ end }) => end()],
  ['a chunk too short', 'ERR_FILE_CORRUPT', async ({ chunk, seal }) => chunk(0, seal(0, chunkOf(0).slice(1)))],
  [
    'a last chunk too short',
    'ERR_FILE_CORRUPT',
    async ({ chunk, seal }) => {
      for (let index = 0; index < COUNT - 1; index++) await chunk(index)
      await chunk(COUNT - 1, seal(COUNT - 1, new Uint8Array(0)))
    },
  ],
  [
    'an empty chunk beyond the last',
    'ERR_FILE_CORRUPT',
    async (offered) => {
      await sendAll(offered)
      await offered.chunk(COUNT, offered.seal(COUNT, new Uint8Array(0)))
      await offered.end()
    },
  ],
  [
    'another hash',
    'ERR_FILE_CORRUPT',
    async (offered) => {
      await sendAll(offered)
      await offered.end(flip(hash))
    },
  ],
  [
    'an end twice',
    undefined,
    async (offered) => {
      await sendAll(offered)
      await offered.end()
      await offered.end(flip(hash))
    },
  ],
  ['noise', 'ERR_FILE_CORRUPT', async ({ chunk }) => chunk(0, makeBytes('noise', 500))],
]

for (const [way, code, act] of WAYS)
  test(`§8 ${way}: ${code ?? 'the file arrives'}`, async (t) => {
    const { mallory, bob, to, offer } = await start(t)
    const offered = await offer()
    const saving = (await offered.seen()).save(to)
    saving.catch(() => {})
    await mallory.hearUntil('file-accept')
    await act(offered)
    assert.equal(await codeOf(saving), code)
    if (code === undefined) assert.equal(Buffer.compare(await readFile(join(to, 'a.bin')), content), 0)
    assert.deepEqual(await readdir(to), code === undefined ? ['a.bin'] : [])
    // Whatever became of the file, the conversation goes on.
    await mallory.say({ k: 'text', d: 'and now?' })
    assert.equal(await nextText(bob), 'and now?')
  })
