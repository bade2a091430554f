import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { createStorage } from '../../src/directory/node/storage.ts'
import { joinDirectory } from '../../src/network/directory-plugin.ts'
import { createNode } from '../../src/network/node.ts'

/** A network of one node on 127.0.0.1, and a port where nobody answers: their addresses, by name. */
export const createDht = async (t: TestContext): Promise<ReadonlyMap<string, string>> => {
  const node = await createNode({ bootstrap: [], first: true, host: '127.0.0.1' })
  t.after(() => node.close())
  joinDirectory(node.dht, createStorage())
  const silent = createSocket('udp4').bind(0, '127.0.0.1')
  t.after(() => silent.close())
  await once(silent, 'listening')
  return new Map([
    ['node', `127.0.0.1:${node.port}`],
    ['port', `${node.port}`],
    ['silent', `127.0.0.1:${silent.address().port}`],
  ])
}
