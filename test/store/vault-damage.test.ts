import assert from 'node:assert/strict'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { renewDevice } from '../../src/core/identity.ts'
import { toBase64 } from '../../src/store/sealing.ts'
import { createVault, openVault, readVault } from '../../src/store/vault.ts'
import { flip, NOW } from '../core/identities.ts'
import { reveals, textsOf } from '../core/secrets.ts'
import { seededRandom } from '../core/test-bytes.ts'
import { places } from '../runs.ts'
import { identityOf, makeTemporary, sealCheaply } from './folders.ts'
import { alice, assertSame, codeIn, secretsOf, startVault } from './vaults.ts'

/** Files that were changed: every one is refused with its reason, and left as it is. */

const KINDS = [
  { passphrase: null, wrongKey: 'ERR_STORE_KEY_FILE' },
  { passphrase: 'correct horse', wrongKey: 'ERR_STORE_PASSPHRASE' },
] as const

for (const { passphrase, wrongKey } of KINDS) {
  const kind = passphrase === null ? 'key file' : 'passphrase'

  test(`${kind}: a file cut off anywhere is damaged`, async (t) => {
    const { text, replace } = await startVault(t, passphrase)
    for (const size of places(text.length - 1))
      assert.equal(codeIn(await replace(text.slice(0, size))), 'ERR_STORE_CORRUPT')
    assertSame(await replace(text.slice(0, -1)), alice)
  })

  test(`${kind}: a file with any byte changed is damaged, of another version, or under another key`, async (t) => {
    const { text, replace } = await startVault(t, passphrase)
    const original = Buffer.from(text)
    const [sealing, end] = [text.indexOf('"seal"'), text.indexOf('"sealed"')]
    const version = /(?<="version": )\d/.exec(text)?.index ?? assert.fail()
    const codes = new Map<unknown, number>()
    // A tenth of a short seal may hit nothing that leads to another key.
    const seal = Array.from({ length: end - sealing }, (_, index) => sealing + index)
    for (const place of new Set([...places(original.length - 1), ...seal, version])) {
      const outcome = await replace(flip(original, place))
      const code = codeIn(outcome)
      codes.set(code, (codes.get(code) ?? 0) + 1)
      // What was sealed vouches for itself, and everything else for what it opens: nothing goes unnoticed.
      if (code === wrongKey) assert.ok(place > sealing && place < end, `byte ${place}`)
      else assert.match(String(code), /^ERR_STORE_(CORRUPT|VERSION)$/, `byte ${place}`)
    }
    assert.ok((codes.get(wrongKey) ?? 0) > 0 && (codes.get('ERR_STORE_VERSION') ?? 0) > 0)
    assertSame(await replace(text), alice)
  })
}

test('a key file cut off or changed anywhere, another one, or none', async (t) => {
  const { keyPath, outcome, folder } = await startVault(t)
  const original = await readFile(keyPath)
  const replace = async (changed: Uint8Array | string): Promise<unknown> => {
    await writeFile(keyPath, changed, { mode: 0o600 })
    const became = await outcome()
    assert.deepEqual(await readFile(keyPath), Buffer.from(changed), 'the file was touched')
    return codeIn(became)
  }
  for (let size = 0; size < original.length - 1; size++)
    assert.equal(await replace(original.subarray(0, size)), 'ERR_STORE_KEY_FILE', `${size}`)
  for (let place = 0; place < original.length - 1; place++)
    assert.equal(await replace(flip(original, place)), 'ERR_STORE_KEY_FILE', `${place}`)
  assert.equal(await replace(toBase64(new Uint8Array(32))), 'ERR_STORE_KEY_FILE')
  assert.equal(await replace(`${original}${original}`), 'ERR_STORE_KEY_FILE')
  await rm(keyPath)
  assert.equal(codeIn(await outcome()), 'ERR_STORE_KEY_FILE')
  // The log is public: the address can still be told.
  assert.deepEqual((await readVault(folder)).log, alice.log)
  assert.equal(await replace(original), 'opened')
})

test('the log of another identity, or the sealed part of another vault, does not fit', async (t) => {
  const { fields, replace, folder, keyPath } = await startVault(t)
  const [mallory, stranger] = [await makeTemporary(t), await makeTemporary(t)]
  // Under the same key: only what is inside can tell.
  await writeFile(join(mallory, 'identity.key'), await readFile(keyPath), { mode: 0o600 })
  await createVault(mallory, identityOf('mallory'), null)
  await createVault(stranger, identityOf('carol'), null)
  const read = async (from: string) => JSON.parse(await readFile(join(from, 'identity.json'), 'utf8'))
  const own = fields()
  for (const other of [await read(mallory), await read(stranger)]) {
    const changes = [{ log: other.log, address: other.address }, { log: other.log }, { address: other.address }]
    for (const change of [...changes, { sealed: other.sealed }])
      assert.equal(
        codeIn(await replace(JSON.stringify({ ...own, ...change }))),
        'ERR_STORE_CORRUPT',
        Object.keys(change).join(),
      )
  }
  // Nor do keys that were replaced since, nor a log without its last entry.
  await replace(JSON.stringify(own))
  const renewed = await renewDevice(alice, NOW, seededRandom('renewal'))
  await (await openVault(folder, null)).save(renewed)
  const { log, sealed } = await read(folder)
  assert.equal(codeIn(await replace(JSON.stringify({ ...own, log }))), 'ERR_STORE_CORRUPT')
  assert.equal(codeIn(await replace(JSON.stringify({ ...own, sealed }))), 'ERR_STORE_CORRUPT')
  assertSame(await replace(JSON.stringify({ ...own, log, sealed })), renewed)
})

test('the sealed part of another vault under the same passphrase does not fit either', async (t) => {
  const { fields, replace } = await startVault(t, 'correct horse')
  const mallory = await makeTemporary(t)
  await createVault(mallory, identityOf('mallory'), null)
  await sealCheaply(mallory, 'correct horse')
  const { sealed, seal } = JSON.parse(await readFile(join(mallory, 'identity.json'), 'utf8'))
  assert.equal(codeIn(await replace(JSON.stringify({ ...fields(), sealed }))), 'ERR_STORE_CORRUPT')
  assert.equal(codeIn(await replace(JSON.stringify({ ...fields(), sealed, seal }))), 'ERR_STORE_CORRUPT')
})

test('fields that are missing, unknown or misshapen are damage', async (t) => {
  const { fields, replace } = await startVault(t)
  const own = fields()
  const names = ['address', 'log', 'seal', 'sealed']
  const changes: readonly Record<string, unknown>[] = [
    ...names.map((name) => ({ [name]: undefined })),
    ...[null, 1, true, [], {}, '', 'x'.repeat(10_000)].flatMap((wrong) => names.map((name) => ({ [name]: wrong }))),
    { extra: 1 },
    { log: [...own.log, ...own.log] },
    { log: [''] },
    { sealed: `${own.sealed}=` },
    { sealed: own.sealed.replace(/^./, '!') },
    { sealed: toBase64(new Uint8Array(500)) },
    { seal: { ...own.seal, extra: 1 } },
    { seal: { ...own.seal, by: 'nobody' } },
    { seal: { by: 'key-file' } },
    { seal: { ...own.seal, check: '' } },
  ]
  for (const change of changes)
    assert.equal(
      codeIn(await replace(JSON.stringify({ ...own, ...change }))),
      'ERR_STORE_CORRUPT',
      JSON.stringify(change).slice(0, 80),
    )
  const texts = ['null', '[]', '1', '"x"', '{}', '{"version":2}', '{"version":2,"__proto__":{"log":[]}}', '\u0000']
  for (const text of [...texts, '{'.repeat(5_000)])
    assert.equal(codeIn(await replace(text)), 'ERR_STORE_CORRUPT', text.slice(0, 20))
  assert.equal(codeIn(await replace(Uint8Array.of(0xff, 0xfe, 0xfd))), 'ERR_STORE_CORRUPT')
})

test('a file of another version says so', async (t) => {
  const { fields, replace } = await startVault(t)
  for (const version of [0, 1, 3, 99, '2', null, [], { toString: 1 }])
    assert.equal(codeIn(await replace(JSON.stringify({ ...fields(), version }))), 'ERR_STORE_VERSION')
})

test('no error and nothing printed shows a key or a passphrase', async (t) => {
  const passphrase = 'correct horse battery staple'
  for (const given of [null, passphrase]) {
    const { text, fields, replace, outcome, keyPath, path } = await startVault(t, given)
    const key = given === null ? (await readFile(keyPath, 'utf8')).trim() : ''
    const secrets = [
      ...secretsOf(alice),
      ...(given === null ? [Buffer.from(key, 'base64url')] : [Buffer.from(passphrase)]),
    ]
    const own = fields()
    const damaged = [
      text.slice(0, -20),
      text.replace('"sealed"', 'sealed'),
      JSON.stringify({ ...own, version: key || passphrase }),
      JSON.stringify({ ...own, [key || passphrase]: 1 }),
      JSON.stringify({ ...own, seal: { ...own.seal, check: key || passphrase } }),
      JSON.stringify({ ...own, sealed: own.log[0] }),
    ]
    const errors = await Array.fromAsync(damaged, (one) => replace(one))
    await writeFile(path, text)
    if (given === null) {
      await writeFile(keyPath, `${key}${key}`)
      errors.push(await outcome())
      await writeFile(keyPath, key)
    } else errors.push(await outcome(`${passphrase}!`), await outcome(null))
    for (const error of errors) {
      assert.ok(error instanceof Error)
      const printed = textsOf(error)
      for (const secret of secrets) assert.ok(!reveals(printed, secret), String(codeIn(error)))
    }
    const opened = await outcome()
    assertSame(opened, alice)
    for (const secret of secrets) assert.ok(!reveals(textsOf(opened), secret))
  }
})
