import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { createIdentity, renewDevice } from '../../../src/core/identity.ts'
import { exportPublicKey, parsePublicKey } from '../../../src/core/key-formats.ts'
import { rotateIdentity } from '../../../src/core/recovery.ts'
import { createDht } from '../dht.ts'
import { runCli } from '../in-process.ts'
import { key, now, publish, put, random, start } from './keys.ts'

/** key, of an address that is looked up. */

test('the keys of an address, looked up; what its owner replaced is void', async (t) => {
  const { dir, folder, keep, identity, phrase, address } = await start(t)
  const network = (await createDht(t)).get('node') ?? ''
  const bob = await keep('bob', createIdentity(now(), random).identity)
  assert.equal((await key([address, '--folder', bob], { network })).error, 'ERR_LOOKUP_NOT_FOUND')
  await publish(folder, network)
  const [standing, found] = (await key([address, '--folder', bob], { network })).events
  assert.deepEqual(standing, { event: 'standing', address, freshness: 'current', change: 'none' })
  assert.equal(found.key, exportPublicKey(identity.root.publicKey, 'did'))
  const stdin = exportPublicKey(identity.ik.publicKey, 'jwk')
  const check = [address, '--check', '-', '--folder', bob]
  const before = await key(check, { stdin, network })
  assert.deepEqual([before.code, before.event.result, before.event.of, before.event.device], [0, 'present', 'dh', 0])

  await publish(await keep('rotated', rotateIdentity(identity.log, phrase, now(), random)), network)
  const after = await key(check, { stdin, network })
  assert.deepEqual([after.code, after.error, after.event.result], [1, 'ERR_KEY_OTHER', 'former'])
  assert.equal(after.events[0].change, 'rotated')
  const nobody = await key([address, '--of', 'dh', '--folder', join(dir, 'nobody')], { network })
  assert.equal(nobody.code, 0)
  assert.notDeepEqual(parsePublicKey(nobody.event.key), identity.ik.publicKey)
})

test('nothing is presented as a key of a forked or a retired identity', async (t) => {
  const { dir, keep, identity, phrase, address } = await start(t)
  const network = (await createDht(t)).get('node') ?? ''
  for (let branch = 0; branch < 2; branch++) await put(t, (await renewDevice(identity, now(), random)).log, network)
  const stdin = exportPublicKey(identity.root.publicKey, 'did')
  const folder = join(dir, 'nobody')
  const ends = async (result: string, state: { status: string; forked: boolean }, code: string) => {
    const shown = await key([address, '--folder', folder], { network })
    assert.deepEqual([shown.code, shown.error, shown.event.event], [1, code, 'standing'])
    const checked = await key([address, '--folder', folder, '--check', '-'], { network, stdin })
    const { result: found, status, forked } = checked.event
    assert.deepEqual([checked.code, checked.error, found, { status, forked }], [1, code, result, state])
    const people = await runCli(['key', address, '--folder', folder, '--network', network])
    assert.deepEqual([people.code, people.stdout], [1, ''])
    assert.ok(people.stderr.includes(`[${code}]`))
  }
  await ends('present', { status: 'active', forked: true }, 'ERR_LOG_FORK')
  const retired = rotateIdentity(identity.log, phrase, now(), random, 'retired')
  await put(t, retired.log, network)
  await ends('former', { status: 'retired', forked: false }, 'ERR_PEER_RETIRED')
  const gone = await keep('retired', retired)
  const own = await key(['--folder', gone])
  assert.deepEqual([own.error, own.events], ['ERR_PEER_RETIRED', []])
  const last = exportPublicKey(retired.root.publicKey, 'did')
  const owned = await key(['--folder', gone, '--check', '-'], { stdin: last })
  assert.deepEqual([owned.error, owned.event.result, owned.event.status], ['ERR_PEER_RETIRED', 'present', 'retired'])
})

test('a log that no current card vouches for is called stale, and the key is printed alone', async (t) => {
  const { dir, folder, identity, address } = await start(t)
  const network = (await createDht(t)).get('node') ?? ''
  const argv = [address, '--folder', join(dir, 'nobody')]
  const people = () => runCli(['key', ...argv, '--network', network])
  await put(t, identity.log, network)
  assert.equal((await key(argv, { network })).events[0].freshness, 'stale')
  const stale = await people()
  const line = `${exportPublicKey(identity.root.publicKey, 'did')}\n`
  assert.deepEqual([stale.code, stale.stdout], [0, line])
  assert.notEqual(stale.stderr, '')
  await publish(folder, network)
  assert.deepEqual(await people(), { code: 0, stdout: line, stderr: '' })
})
