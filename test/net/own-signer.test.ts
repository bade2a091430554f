import assert from 'node:assert/strict'
import { generateKeyPairSync, sign } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { adopt, initialize, openPeer, type Rotation, recover, renew, rotate, type Signer } from '../../src/index.ts'
import { createDht } from '../cli/dht.ts'

/** A program that brings its own signer: a TPM, a browser's passkey, a service that keeps keys. Only the public API is used. */

/** A key that the library never sees. */
const createVendor = (): Signer & { readonly asked: () => number } => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  let times = 0
  return {
    asked: () => times,
    publicKey: Uint8Array.from(publicKey.export({ format: 'raw-public', type: 'compressed' })),
    sign: async (message) => {
      times += 1
      return sign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' })
    },
  }
}

const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => null,
    (error: { code?: unknown }) => error.code,
  )

test('a program’s own signer makes an identity, renews it, and takes it to a new machine', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'handfast-signer-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  const network = (await createDht(t)).get('node') ?? ''
  const [root, other] = [createVendor(), createVendor()]
  const [folder, fresh] = [join(dir, 'alice'), join(dir, 'fresh')]
  const { address, phrase } = await initialize(folder, { root })
  assert.equal(root.asked(), 1)
  assert.equal(await codeOf(initialize(folder, { root })), 'ERR_STORE_EXISTS')
  assert.equal(
    await codeOf(initialize(join(dir, 'none'), { root: { ...root, publicKey: other.publicKey } })),
    'ERR_SIGNER',
  )
  assert.deepEqual(await readdir(dir), ['alice'])
  assert.equal(root.asked(), 2)

  // Being a peer needs no root key.
  const peer = await openPeer({ folder, network })
  await peer.close()
  assert.equal(root.asked(), 2)

  const where: unknown[] = []
  const onSaved = (_log: unknown, place: unknown): void => void where.push(place)
  const last = ({ log }: Rotation) => [log.epoch, log.last.entry.seq]
  assert.deepEqual(last(await renew({ folder, network, root, onSaved })), [0, 1])
  assert.equal(await codeOf(renew({ folder, network })), 'ERR_ROOT_ELSEWHERE')
  assert.equal(await codeOf(renew({ folder, network, root: other })), 'ERR_ROOT_OTHER')
  assert.equal(await codeOf(adopt({ folder: fresh, network, address, root: other })), 'ERR_ROOT_OTHER')
  assert.deepEqual(last(await adopt({ folder: fresh, network, address, root, onSaved })), [0, 2])
  assert.equal(await codeOf(renew({ folder, network, root })), 'ERR_PEER_SUPERSEDED')

  // A rotation may hand its new root key to another keeper, who answers for it.
  const keepRoot = async (): Promise<Signer> => other
  assert.equal(await codeOf(rotate({ folder: fresh, network, phrase, keepRoot })), 'ERR_ROOT_OTHER')
  assert.deepEqual(last(await rotate({ folder: fresh, network, phrase, onSaved })), [1, 3])
  assert.deepEqual(last(await renew({ folder: fresh, network, onSaved })), [1, 4])
  assert.deepEqual(where, ['elsewhere', 'elsewhere', 'folder', 'folder'])
  assert.deepEqual(last(await recover({ folder, network, address, phrase })), [2, 2])
})
