import { join } from 'node:path'
import { StoreError } from '../core/errors.ts'
import { literal, type Reader, record, uint } from '../core/fields.ts'
import { type SecretKey, secretKey } from '../core/kdf.ts'
import { checkVersion, readPrivate, writePrivate } from './private-files.ts'
import { base64, toBase64 } from './sealing.ts'

/** What makes a storage node the same one after a restart (`node.json`, docs/spec/store.md). */
export type NodeState = {
  /** seed of the node's Ed25519 transport key, 32 bytes */
  readonly transportSeed: SecretKey
  /** UDP port: others know the node by it, and its id is the hash of it */
  readonly port: number
}

const NAME = 'node.json'
const VERSION = 1
const SEED_BYTES = 32

const readState: Reader<{ version: number; transportSeed: Uint8Array; port: number }> = record({
  version: literal(VERSION),
  transportSeed: base64(SEED_BYTES),
  port: uint(65535),
})

/** null when there is none. @throws StoreError ERR_STORE_CORRUPT, _VERSION, _PERMISSION, _IO */
export const readNodeState = async (folder: string): Promise<NodeState | null> => {
  const path = join(folder, NAME)
  const content = await readPrivate(path)
  if (content === null) return null
  try {
    const value: unknown = JSON.parse(content)
    checkVersion(value, VERSION)
    const { transportSeed, port } = readState(value, 'node')
    return { transportSeed: secretKey(transportSeed), port }
  } catch (error) {
    if (error instanceof StoreError) throw error
    // Without its cause, which would tell what the file holds.
    throw new StoreError('ERR_STORE_CORRUPT', { hint: path })
  }
}

/** @throws StoreError ERR_STORE_PERMISSION, _FULL, _IO */
export const writeNodeState = (folder: string, { transportSeed, port }: NodeState): Promise<void> =>
  writePrivate(
    join(folder, NAME),
    JSON.stringify({ version: VERSION, transportSeed: toBase64(transportSeed.export()), port }, null, 2),
  )
