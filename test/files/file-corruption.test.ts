import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { codeOf } from '../connection/sides.ts'
import { flip, makeBytes } from '../core/identities.ts'
import { untilFiles } from './file-sides.ts'
import { COUNT, content, hash, type Offered, sendAll, startWithOffers as start } from './offers.ts'
import { said } from './talk.ts'

/** Every way in which the file that arrives may not be the file that was offered. */

type Way = {
  readonly code?: 'ERR_FILE_CORRUPT'
  /** what she says its hash is */
  readonly said?: Uint8Array
  /** what Mallory does once Bob has accepted */
  readonly act: (offered: Offered) => Promise<void>
}
const code = 'ERR_FILE_CORRUPT'

/** The honest way, and every way from it. */
const WAYS: Readonly<Record<string, Way>> = {
  'as offered': { act: sendAll },
  'a changed chunk': { code, act: ({ chunk, seal }) => chunk(0, flip(seal(0))) },
  'a chunk twice': {
    code,
    act: async ({ chunk }) => {
      await chunk(0)
      await chunk(0)
    },
  },
  'a chunk out of an earlier connection': {
    code,
    act: async (offered) => {
      await offered.chunk(0)
      await offered.chunk(1)
      await offered.chunk(0)
    },
  },
  'chunks out of order': { code, act: ({ chunk }) => chunk(1) },
  'chunks that changed places': { code, act: ({ chunk, seal }) => chunk(0, seal(1)) },
  'a chunk left out': {
    code,
    act: async ({ chunk }) => {
      await chunk(0)
      await chunk(2)
    },
  },
  'a chunk too short': { code, act: ({ chunk, seal }) => chunk(0, seal(0, content.slice(0, 7))) },
  'a last chunk too short': {
    code,
    act: async ({ chunk, seal }) => {
      for (let index = 0; index < COUNT - 1; index++) await chunk(index)
      await chunk(COUNT - 1, seal(COUNT - 1, new Uint8Array(0)))
    },
  },
  'an empty chunk beyond the last': {
    act: async (offered) => {
      await sendAll(offered)
      await offered.chunk(COUNT, offered.seal(COUNT, new Uint8Array(0)))
    },
  },
  'another hash': { code, said: flip(hash), act: sendAll },
  noise: { code, act: ({ chunk }) => chunk(0, makeBytes('noise', 500)) },
}

for (const [way, { code: expected, said: hashSaid, act }] of Object.entries(WAYS))
  test(`§1 ${way}: ${expected ?? 'the file arrives'}`, async (t) => {
    const { mallory, files, to, offer } = await start(t)
    const offered = await offer({ said: hashSaid ?? hash })
    const saving = codeOf(offered.save())
    assert.equal((await mallory.hearUntil('file-accept')).from, 0)
    await act(offered)
    assert.equal(await saving, expected)
    if (expected === undefined) assert.equal(Buffer.compare(await readFile(join(to, 'a.bin')), content), 0)
    else assert.equal((await mallory.hearUntil('file-refuse')).code, expected)
    await untilFiles(to, expected === undefined ? 1 : 0)
    // Whatever became of the file, the conversation goes on.
    await mallory.say(said('and now?'))
    assert.equal(await files.talk.next(), 'and now?')
  })
