import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { encodeAddress } from '../../../src/core/address.ts'
import { createIdentity, type Identity } from '../../../src/core/identity.ts'
import type { KeyLog } from '../../../src/core/key-log.ts'
import { publish as putRecords } from '../../../src/directory/client/publish.ts'
import { createStorage } from '../../../src/directory/node/storage.ts'
import { joinDirectory } from '../../../src/network/directory-plugin.ts'
import { createNode } from '../../../src/network/node.ts'
import { parseNodes } from '../../../src/network/node-list.ts'
import { openPeer } from '../../../src/peer/open.ts'
import { createVault } from '../../../src/store/vault.ts'
import { runCli } from '../in-process.ts'

/** The command `key`, and what stands in a network for it to find. */

export const now = (): number => Math.floor(Date.now() / 1000)
export const random = (size: number): Uint8Array => crypto.getRandomValues(new Uint8Array(size))

/** A folder for each identity, and what `key` says there, without a network. */
export const start = async (t: TestContext) => {
  const dir = await mkdtemp(join(tmpdir(), 'handfast-cli-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  const keep = async (name: string, identity: Identity): Promise<string> => {
    await createVault(join(dir, name), identity, null)
    return join(dir, name)
  }
  const { identity, phrase } = createIdentity(now(), random)
  const folder = await keep('alice', identity)
  return { dir, folder, keep, identity, phrase, address: encodeAddress(identity.log.id) }
}

/** The last event on stdout, and the code on stderr; with the exit code. */
export const key = async (argv: readonly string[], { stdin = '', network = '' } = {}) => {
  const env = { HANDFAST_NETWORK: network }
  const { code, stdout, stderr } = await runCli(['key', ...argv, '--json'], { stdin, env })
  const events = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
  return { code, events, event: events.at(-1), error: stderr === '' ? null : JSON.parse(stderr).error.code }
}

/** Publishes a log and a card. */
export const publish = async (folder: string, network: string): Promise<void> => {
  await using peer = await openPeer({ folder, network })
  await peer.publish()
}

/** Publishes a log, whatever the network holds, and no card. */
export const put = async (t: TestContext, log: KeyLog, network: string): Promise<void> => {
  const node = await createNode({ bootstrap: parseNodes(network), host: '127.0.0.1' })
  t.after(() => node.close())
  await putRecords(joinDirectory(node.dht, createStorage()), { log }, AbortSignal.timeout(60_000))
}
