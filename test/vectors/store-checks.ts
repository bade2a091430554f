import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hex } from '../../src/core/bytes.ts'
import { openChunk, sealChunk, type Transfer } from '../../src/core/chunk.ts'
import type { ErrorCode } from '../../src/core/errors.ts'
import { secretKey } from '../../src/core/kdf.ts'
import { openVault } from '../../src/store/vault.ts'
import { encodeSecrets } from '../../src/store/vault-secrets.ts'
import { fromHex } from '../core/test-bytes.ts'

/** What each vector of data folders and of file chunks claims, held against the code; a mismatch throws. */

type VaultVector = {
  readonly identity: string
  readonly key: string | null
  readonly passphrase: string | null
  readonly secrets?: string
  readonly error?: ErrorCode
}

const checkVault = async ({ identity, key, passphrase, secrets, error }: VaultVector): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), 'handfast-vault-'))
  try {
    await writeFile(join(folder, 'identity.json'), identity, { mode: 0o600 })
    if (key !== null) await writeFile(join(folder, 'identity.key'), key, { mode: 0o600 })
    const opening = openVault(folder, passphrase)
    if (error !== undefined) await assert.rejects(opening, { code: error })
    else assert.equal(hex(encodeSecrets(await opening)), secrets)
  } finally {
    await rm(folder, { recursive: true })
  }
}

type ChunkVector = {
  readonly id: string
  readonly secret: string
  readonly size: number
  readonly index: number
  readonly plaintext?: string
  readonly now?: number
  readonly iv?: string
  readonly token: string
  readonly error?: ErrorCode
}

const checkChunk = ({ index, token, error, plaintext, now, iv, ...given }: ChunkVector): void => {
  const transfer: Transfer = { ...given, id: fromHex(given.id), secret: secretKey(fromHex(given.secret)) }
  if (error !== undefined) {
    assert.throws(() => openChunk(transfer, index, fromHex(token)), { code: error })
    return
  }
  assert.ok(plaintext !== undefined && now !== undefined && iv !== undefined)
  assert.equal(hex(openChunk(transfer, index, fromHex(token))), plaintext)
  assert.equal(hex(sealChunk(transfer, index, fromHex(plaintext), now, fromHex(iv))), token)
}

export const storeChecks: { readonly [folder: string]: (vector: never) => void | Promise<void> } = {
  vault: checkVault,
  chunk: checkChunk,
}
