import assert from 'node:assert/strict'
import { chmod, mkdir, open, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { encodeAddress } from '../../src/core/address.ts'
import { type Identity, renewDevice } from '../../src/core/identity.ts'
import { exportPrivateKey } from '../../src/core/p256.ts'
import { loadIdentity, saveIdentity } from '../../src/store/identity-file.ts'
import { at, flip, NOW } from '../core/identities.ts'
import { reveals, textsOf } from '../core/secrets.ts'
import { seededRandom } from '../core/test-bytes.ts'
import { codeOf, contentsOf, identityOf, makeTemporary, startChild } from './folders.ts'

const alice = identityOf('alice')

const secretsOf = ({ root, sign, ik, transportSeed }: Identity): Uint8Array[] => [
  ...[root, sign, ik].map(exportPrivateKey),
  Uint8Array.from(transportSeed.export()),
]

/** The same but for the transport's seed, which nothing else in the file vouches for. */
const assertSame = (actual: Identity, expected: Identity): void => {
  assert.deepEqual(actual.log, expected.log)
  assert.equal(actual.device, expected.device)
  assert.deepEqual(secretsOf(actual).slice(0, 3), secretsOf(expected).slice(0, 3))
}

/** Alice's folder, and what became of her file when its text is another. */
const start = async (t: TestContext) => {
  const folder = await makeTemporary(t)
  await saveIdentity(folder, alice, { create: true })
  const path = join(folder, 'identity.json')
  const text = await readFile(path, 'utf8')
  const replace = async (changed: string | Uint8Array, now = NOW): Promise<unknown> => {
    await writeFile(path, changed)
    const outcome = await loadIdentity(folder, now).catch((error: unknown) => error)
    assert.deepEqual(await readFile(path), Buffer.from(changed), 'the file was touched')
    return outcome
  }
  const fields = (): Record<string, unknown> => JSON.parse(text)
  return { folder, path, text, fields, replace }
}

const codeIn = (outcome: unknown): unknown => (outcome instanceof Error && 'code' in outcome ? outcome.code : 'loaded')

test('an identity is read as it was written', async (t) => {
  const { folder } = await start(t)
  const loaded = await loadIdentity(folder, NOW)
  assertSame(loaded, alice)
  assert.deepEqual(secretsOf(loaded), secretsOf(alice))
  const renewed = renewDevice(loaded, NOW + 1, seededRandom('renewal'))
  await saveIdentity(folder, renewed, { create: false })
  assertSame(await loadIdentity(folder, NOW + 1), renewed)
})

test('folder and file are private from the first byte, whatever the umask', async (t) => {
  const umask = process.umask(0)
  t.after(() => process.umask(umask))
  const parent = await makeTemporary(t)
  const folder = join(parent, 'deep', 'er')
  const handle = await open(import.meta.filename)
  await handle.close()
  const prototype: typeof handle = Object.getPrototypeOf(handle)
  const { writeFile: write } = prototype
  const modes: number[] = []
  t.mock.method(prototype, 'writeFile', async function (this: typeof handle, ...args: Parameters<typeof write>) {
    modes.push((await this.stat()).mode & 0o777)
    return write.apply(this, args)
  })
  await saveIdentity(folder, alice, { create: true })
  assert.deepEqual(modes, [0o600])
  for (const path of [join(parent, 'deep'), folder]) assert.equal((await stat(path)).mode & 0o777, 0o700, path)
  assert.equal((await stat(join(folder, 'identity.json'))).mode & 0o777, 0o600)
})

test('an identity is never overwritten by a new one, nor are two made at once', async (t) => {
  const { folder, text } = await start(t)
  assert.equal(await codeOf(saveIdentity(folder, identityOf('mallory'), { create: true })), 'ERR_STORE_EXISTS')
  assert.deepEqual(await contentsOf(folder), new Map([['identity.json', text]]))

  const shared = join(folder, 'shared')
  const identities = Array.from({ length: 8 }, (_, index) => identityOf(`${index}`))
  const codes = await Promise.all(identities.map((one) => codeOf(saveIdentity(shared, one, { create: true }))))
  assert.deepEqual(
    codes.filter((code) => code !== 'ERR_STORE_EXISTS'),
    [undefined],
  )
  assertSame(await loadIdentity(shared, NOW), at(identities, codes.indexOf(undefined)))
  assert.deepEqual(await readdir(shared), ['identity.json'])
})

test('nor by another process at the same moment', async (t) => {
  const folder = join(await makeTemporary(t), 'shared')
  const children = [0, 1, 2].map(() => startChild(t, 'create', folder))
  for (const child of children) assert.equal(await child.next(), 'ready')
  for (const child of children) child.go()
  const said = await Promise.all(children.map(async (child) => (await child.next()).split(' ')))
  const winners = said.filter(([code]) => code === 'done')
  assert.equal(winners.length, 1, said.join('; '))
  assert.ok(said.every(([code]) => code === 'done' || code === 'ERR_STORE_EXISTS'))
  assert.deepEqual(await readdir(folder), ['identity.json'])
  assert.equal(encodeAddress((await loadIdentity(folder, NOW)).log.id), winners[0]?.[1])
})

test('no identity, and an empty folder to be', async (t) => {
  const folder = await makeTemporary(t)
  assert.equal(await codeOf(loadIdentity(folder, NOW)), 'ERR_STORE_MISSING')
  assert.equal(await codeOf(loadIdentity(join(folder, 'nowhere'), NOW)), 'ERR_STORE_MISSING')
  assert.deepEqual(await readdir(folder), [])
})

test('a file cut off anywhere is damaged', async (t) => {
  const { text, replace } = await start(t)
  for (let size = 0; size < text.length - 1; size++)
    assert.equal(codeIn(await replace(text.slice(0, size))), 'ERR_STORE_CORRUPT')
  assertSame((await replace(text.slice(0, -1))) as Identity, alice)
})

test('a file with any byte changed is damaged, or of another version', async (t) => {
  const { text, replace } = await start(t)
  const original = Buffer.from(text)
  const seed = text.indexOf('"transport"') + '"transport": "'.length
  for (let place = 0; place < original.length; place++) {
    const outcome = await replace(flip(original, place))
    const inSeed = place >= seed && place < seed + 43
    if (outcome instanceof Error) assert.match(String(codeIn(outcome)), /^ERR_STORE_(CORRUPT|VERSION)$/)
    else {
      assert.ok(inSeed || place === original.length - 1, `byte ${place} changed and nobody noticed`)
      assertSame(outcome as Identity, alice)
    }
  }
})

test('fields that are missing, unknown, misshapen or do not belong together are damage', async (t) => {
  const { fields, replace } = await start(t)
  const other = identityOf('mallory')
  const foreign = (key: Uint8Array): string => Buffer.from(key).toString('base64url')
  const { log } = fields() as { log: string[] }
  const changes: readonly Record<string, unknown>[] = [
    ...['log', 'root', 'device', 'sign', 'dh', 'transport'].map((name) => ({ [name]: undefined })),
    ...[null, 1, true, [], {}, '', 'x'.repeat(10_000)].flatMap((wrong) =>
      ['log', 'root', 'sign', 'dh', 'transport'].map((name) => ({ [name]: wrong })),
    ),
    ...[null, '0', -1, 1, 8, 0.5].map((device) => ({ device })),
    { extra: 1 },
    { log: [] },
    { log: [...log, ...log] },
    { log: [''] },
    { root: foreign(exportPrivateKey(other.root)) },
    { sign: foreign(exportPrivateKey(other.sign)) },
    { dh: foreign(exportPrivateKey(other.ik)) },
    { sign: fields().dh, dh: fields().sign },
    { log: other.log.entries.map(({ envelope }) => foreign(envelope)) },
    { root: foreign(new Uint8Array(32)) },
    { root: `${fields().root}=` },
    { root: `${fields().root}`.replace(/^./, '!') },
  ]
  for (const change of changes)
    assert.equal(
      codeIn(await replace(JSON.stringify({ ...fields(), ...change }))),
      'ERR_STORE_CORRUPT',
      JSON.stringify(change).slice(0, 80),
    )
  for (const text of [
    'null',
    '[]',
    '1',
    '"x"',
    '{}',
    '{"version":1}',
    '{"version":1,"__proto__":{"log":[]}}',
    '\u0000',
    '{'.repeat(5_000),
  ])
    assert.equal(codeIn(await replace(text)), 'ERR_STORE_CORRUPT', text.slice(0, 20))
  assert.equal(codeIn(await replace(Uint8Array.of(0xff, 0xfe, 0xfd))), 'ERR_STORE_CORRUPT')
})

test('a file of another version says so', async (t) => {
  const { fields, replace } = await start(t)
  for (const version of [0, 2, 99, '1', null, [], { toString: 1 }])
    assert.equal(codeIn(await replace(JSON.stringify({ ...fields(), version }))), 'ERR_STORE_VERSION')
})

test('a clock that is behind is called by its name: the file is not damaged', async (t) => {
  const { text, replace } = await start(t)
  assert.equal(codeIn(await replace(text, 0)), 'ERR_LOG_TIME_AHEAD')
  assert.equal(codeIn(await replace(text, NOW - 3_600)), 'loaded')
})

test('no error and nothing printed shows a key', async (t) => {
  const { folder, path, text, fields, replace } = await start(t)
  const secrets = secretsOf(alice)
  const damaged = [
    text.slice(0, -20),
    text.replace('"root"', 'root'),
    JSON.stringify({ ...fields(), extra: fields().root }),
    JSON.stringify({ ...fields(), version: fields().root }),
    JSON.stringify({ ...fields(), root: [fields().root] }),
    JSON.stringify({ ...fields(), [String(fields().root)]: 1 }),
    JSON.stringify({ ...fields(), sign: fields().dh }),
    `${fields().root}`,
  ]
  assert.ok(
    secrets.some((secret) => reveals(text, secret)),
    'the check itself works',
  )
  for (const one of damaged) {
    const error = await replace(one)
    assert.ok(error instanceof Error)
    const printed = textsOf(error)
    for (const secret of secrets) assert.ok(!reveals(printed, secret), codeIn(error) as string)
  }
  await writeFile(path, text)
  for (const secret of secrets) assert.ok(!reveals(textsOf(await loadIdentity(folder, NOW)), secret))
})

test('a folder that is a file, and a file that is a folder, are neither missing nor full', async (t) => {
  const folder = await makeTemporary(t)
  const file = join(folder, 'file')
  await writeFile(file, 'mine')
  for (const place of [file, join(file, 'below')]) {
    assert.equal(await codeOf(loadIdentity(place, NOW)), 'ERR_STORE_IO')
    assert.equal(await codeOf(saveIdentity(place, alice, { create: true })), 'ERR_STORE_IO')
  }
  assert.equal(await readFile(file, 'utf8'), 'mine')
  await mkdir(join(folder, 'data', 'identity.json'), { recursive: true })
  assert.equal(await codeOf(loadIdentity(join(folder, 'data'), NOW)), 'ERR_STORE_IO')
  assert.equal(await codeOf(saveIdentity(join(folder, 'data'), alice, { create: false })), 'ERR_STORE_IO')
  assert.equal(await codeOf(saveIdentity(join(folder, 'data'), alice, { create: true })), 'ERR_STORE_EXISTS')
  assert.deepEqual(await readdir(join(folder, 'data')), ['identity.json'])
})

test('a link that leads nowhere is not written through', async (t) => {
  const folder = await makeTemporary(t)
  await symlink(join(folder, 'elsewhere'), join(folder, 'identity.json'))
  assert.equal(await codeOf(saveIdentity(folder, alice, { create: true })), 'ERR_STORE_EXISTS')
  assert.deepEqual(await readdir(folder), ['identity.json'])
})

test('a folder that may not be read or written is called so', async (t) => {
  const folder = await makeTemporary(t)
  await saveIdentity(folder, alice, { create: true })
  await chmod(folder, 0o000)
  const said = await startChild(t, 'trespass', folder).rest()
  await chmod(folder, 0o700)
  assert.deepEqual(
    said,
    Array.from({ length: 4 }, () => 'ERR_STORE_PERMISSION'),
  )
  assertSame(await loadIdentity(folder, NOW), alice)
})
