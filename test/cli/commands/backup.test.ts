import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { encodeAddress } from '../../../src/core/address.ts'
import { mergeInto } from '../../../src/store/remembered.ts'
import { openStore } from '../../../src/store/store.ts'
import { createVault, openVault } from '../../../src/store/vault.ts'
import { cheapPassphrases } from '../../cheap-passphrases.ts'
import { NOW } from '../../core/identities.ts'
import { PASSPHRASE, remembered, sealCheap } from '../../store/backups.ts'
import { alice, assertSame } from '../../store/vaults.ts'
import { type CliOptions, runCli } from '../in-process.ts'

/** backup and restore, as they are typed. */

const address = encodeAddress(alice.log.id)
const env = { HANDFAST_BACKUP_PASSPHRASE: PASSPHRASE }

const start = async (t: TestContext) => {
  cheapPassphrases(t)
  const dir = await mkdtemp(join(tmpdir(), 'handfast-cli-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  const at = (name: string): string => join(dir, name)
  await createVault(at('alice'), alice, null)
  const store = openStore(at('alice'))
  mergeInto(store, remembered, NOW)
  store.close()
  await writeFile(at('cheap'), await sealCheap())
  const event = async (argv: readonly string[], options: CliOptions = { env }): Promise<Record<string, unknown>> => {
    const { code, stdout, stderr } = await runCli([...argv, '--json'], options)
    assert.deepEqual([code, stderr], [0, ''])
    return JSON.parse(stdout)
  }
  const refusal = async (argv: readonly string[], options: CliOptions = { env }): Promise<unknown> => {
    const { code, stdout, stderr } = await runCli([...argv, '--json'], options)
    assert.equal(stdout, '')
    return [code, JSON.parse(stderr).error.code]
  }
  return { dir, at, event, refusal }
}

suite('backup', { concurrency: 2 }, () => {
  test('backup and restore say what is in the file, and the keys work', async (t) => {
    const { at, event } = await start(t)
    const path = at('alice.backup')
    const { made, ...rest } = await event(['backup', path, '--folder', at('alice')])
    assert.deepEqual(rest, { event: 'backed-up', address, path, contacts: 3, floors: 4 })
    assert.equal((await stat(path)).mode & 0o777, 0o600)
    const folder = at('fresh')
    const restored = await event(['restore', path, '--folder', folder])
    const holds = { address, contacts: 3, floors: 4, made }
    assert.deepEqual(restored, { event: 'restored', folder, sealedBy: 'key-file', ...holds })
    assertSame((await openVault(folder, null)).identity, alice)
    const names = await runCli(['contacts', '--folder', folder])
    for (const name of ['Bob', 'Mallory']) assert.ok(names.stdout.includes(name))
  })

  test('people read the same, and no secret', async (t) => {
    const { at } = await start(t)
    const lines = await runCli(['backup', at('made'), '--folder', at('alice')], { env })
    assert.ok(lines.stdout.includes(address) && lines.stdout.includes('3 contacts, what was seen of 4 addresses'))
    const back = await runCli(['restore', at('made'), '--folder', at('fresh')], { env })
    assert.ok(back.stdout.includes(address) && back.stdout.includes('3 contacts, what was seen of 4 addresses'))
    for (const { code, stdout, stderr } of [lines, back]) {
      assert.deepEqual([code, stderr], [0, ''])
      assert.ok(!stdout.includes(PASSPHRASE))
    }
  })

  test('the passphrase of a backup comes from a file before the environment, and is not that of the folder', async (t) => {
    const { at, event, refusal } = await start(t)
    await writeFile(at('words'), `${PASSPHRASE}\nsecond line\n`)
    const file = ['--backup-passphrase-file', at('words')]
    const other = { env: { HANDFAST_BACKUP_PASSPHRASE: 'wrong', HANDFAST_PASSPHRASE: 'of the folder' } }
    const restored = await event(['restore', at('cheap'), '--folder', at('fresh'), ...file], other)
    assert.equal(restored.sealedBy, 'passphrase')
    assertSame((await openVault(at('fresh'), 'of the folder')).identity, alice)

    assert.deepEqual(await refusal(['restore', at('cheap'), '--folder', at('other')], other), [
      1,
      'ERR_STORE_PASSPHRASE',
    ])
    const locked = { env }
    assert.deepEqual(await refusal(['backup', at('new'), '--folder', at('fresh')], locked), [1, 'ERR_STORE_LOCKED'])
    await event(['backup', at('new'), '--folder', at('fresh'), ...file], other)
    assert.equal((await event(['restore', at('new'), '--folder', at('third')], { env })).address, address)
  })

  test('without a passphrase, with an empty one, and as an argument nothing is made', async (t) => {
    const { dir, at, refusal } = await start(t)
    await writeFile(at('empty'), '\n')
    const before = await readdir(dir)
    for (const argv of [
      ['backup', at('new'), '--folder', at('alice')],
      ['restore', at('cheap'), '--folder', at('fresh')],
    ]) {
      for (const options of [{}, { env: { HANDFAST_BACKUP_PASSPHRASE: '' } }, { env: { HANDFAST_PASSPHRASE: 'x' } }])
        assert.deepEqual(await refusal(argv, options), [2, 'ERR_USAGE'])
      assert.deepEqual(await refusal([...argv, '--backup-passphrase-file', at('empty')]), [2, 'ERR_USAGE'])
      assert.deepEqual(await refusal([...argv, '--backup-passphrase-file', at('none')]), [1, 'ERR_FILE_READ'])
      assert.deepEqual(await refusal([...argv, '--backup-passphrase', PASSPHRASE]), [2, 'ERR_USAGE'])
    }
    assert.deepEqual(await readdir(dir), before)
  })

  test('what is there already stays, and - is no file', async (t) => {
    const { dir, at, refusal } = await start(t)
    const before = [
      await readdir(dir),
      await readFile(at('cheap'), 'utf8'),
      await readFile(at('alice/identity.json'), 'utf8'),
    ]
    assert.deepEqual(await refusal(['backup', at('cheap'), '--folder', at('alice')]), [1, 'ERR_FILE_WRITE'])
    assert.deepEqual(await refusal(['restore', at('cheap'), '--folder', at('alice')]), [1, 'ERR_STORE_EXISTS'])
    assert.deepEqual(await refusal(['backup', '-', '--folder', at('alice')]), [2, 'ERR_USAGE'])
    assert.deepEqual(await refusal(['restore', '-', '--folder', at('fresh')]), [2, 'ERR_USAGE'])
    assert.deepEqual(await refusal(['backup', at('new'), '--folder', at('fresh')]), [1, 'ERR_STORE_MISSING'])
    assert.deepEqual(await refusal(['restore', at('none'), '--folder', at('fresh')]), [1, 'ERR_FILE_READ'])
    const after = [
      await readdir(dir),
      await readFile(at('cheap'), 'utf8'),
      await readFile(at('alice/identity.json'), 'utf8'),
    ]
    assert.deepEqual(after, before)
  })
})
