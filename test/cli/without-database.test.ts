import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeTemporary } from '../store/folders.ts'
import { runCli } from './in-process.ts'

/** A lost database, as the one who sits there meets it. */

const codeIn = (text: string): string | undefined => /\[(ERR_\w+)\]/.exec(text)?.[1]

for (const env of [{}, { HANDFAST_PASSPHRASE: 'correct horse' }])
  test(`a lost database is told, and left behind by a word of its owner, ${'HANDFAST_PASSPHRASE' in env ? 'under a passphrase' : 'under a key file'}`, async (t) => {
    const folder = join(await makeTemporary(t), 'alice')
    const run = (...argv: string[]) => runCli([...argv, '--folder', folder], { env })
    assert.equal((await run('init', '--json')).code, 0)
    const path = join(folder, 'handfast.db')
    assert.deepEqual((await run('contacts', '--without-database')).code, 2, 'nothing is lost')
    await rm(path)
    for (const command of [['contacts'], ['messages', 'Bob'], ['mailboxes'], ['lookup', 'Bob'], ['files']]) {
      const { code, stderr } = await run(...command)
      assert.deepEqual([code, codeIn(stderr)], [1, 'ERR_STORE_LOST'], command.join(' '))
      assert.match(stderr, /hint: .*--without-database/)
    }
    assert.equal((await run('id')).code, 0)
    assert.ok(!existsSync(path))

    await writeFile(path, 'something else'.repeat(1_000), { mode: 0o600 })
    const { code, stdout } = await run('contacts', '--without-database', '--json')
    assert.equal(code, 0)
    const { event, aside, code: why } = JSON.parse(stdout)
    assert.deepEqual([event, aside, why], ['without-database', `${path}.aside-1`, 'ERR_STORE_CORRUPT'])
    assert.equal((await run('contacts')).code, 0)

    await rm(path)
    const told = await run('contacts', '--without-database')
    assert.deepEqual([told.code, told.stdout], [0, ''])
    for (const lost of ['contacts', 'seen of others', 'messages', 'mailboxes']) assert.ok(told.stderr.includes(lost))
    const again = await run('contacts', '--without-database')
    assert.deepEqual([again.code, codeIn(again.stderr)], [2, 'ERR_USAGE'])
  })
