import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { exportEd25519 } from '../../src/core/ed25519.ts'
import type { Identity } from '../../src/core/identity.ts'
import { exportPrivateKey } from '../../src/core/p256.ts'
import { isHere } from '../../src/core/root-key.ts'
import { createVault, openVault, type Passphrase } from '../../src/store/vault.ts'
import { identityOf, makeTemporary, sealCheaply } from './folders.ts'

/** A vault that is tampered with, and what becomes of it. */

export const alice = identityOf('alice')

export const secretsOf = ({ root, sign, ik, transportSeed, slotKey }: Identity): Uint8Array[] => [
  ...[root, sign, ik].filter(isHere).map(exportPrivateKey),
  Uint8Array.from(transportSeed.export()),
  ...(slotKey === null ? [] : [exportEd25519(slotKey)]),
]

export const assertSame = (actual: unknown, expected: Identity): void => {
  assert.ok(typeof actual === 'object' && actual !== null && 'log' in actual, String(actual))
  const identity = actual as Identity
  assert.deepEqual(identity.log, expected.log)
  assert.equal(identity.device, expected.device)
  assert.deepEqual(secretsOf(identity), secretsOf(expected))
  assert.deepEqual(identity.closings, expected.closings)
}

export const codeIn = (outcome: unknown): unknown =>
  outcome instanceof Error && 'code' in outcome ? outcome.code : outcome instanceof Error ? outcome : 'opened'

/** Alice's folder, under a key file or, when it is given, a passphrase, and what became of it when a file is another. */
export const startVault = async (t: TestContext, passphrase: string | null = null) => {
  const folder = await makeTemporary(t)
  await createVault(folder, alice, null)
  if (passphrase !== null) await sealCheaply(folder, passphrase)
  const path = join(folder, 'identity.json')
  const keyPath = join(folder, 'identity.key')
  const text = await readFile(path, 'utf8')
  const outcome = (given: Passphrase = passphrase): Promise<unknown> =>
    openVault(folder, given).then(
      ({ identity }) => identity,
      (error: unknown) => error,
    )
  const replace = async (changed: string | Uint8Array): Promise<unknown> => {
    await writeFile(path, changed)
    const became = await outcome()
    assert.deepEqual(await readFile(path), Buffer.from(changed), 'the file was touched')
    return became
  }
  const fields = () => JSON.parse(text)
  return { folder, path, keyPath, text, fields, outcome, replace }
}
