/** Child of node.test.ts: makes nodes that work and nodes that fail, closes them, says so, and must then end without help. */

import { createNode } from '../../src/network/node.ts'
import { createTransport } from '../../src/network/transport.ts'
import { addressOf, codeOf, nextOf } from './loopback-network.ts'

const first = await createNode({ bootstrap: [], first: true, storage: true })
const bootstrap = [addressOf(first)]
const storage = await createNode({ bootstrap, storage: true })
const client = await createNode({ bootstrap })
const listening = createTransport(client, Buffer.alloc(32, 1))
const connecting = createTransport(storage, Buffer.alloc(32, 2))
const incoming = await listening.listen()
const stream = await connecting.connect(listening.publicKey)
await stream.send(Buffer.from('hello'))
await nextOf((await nextOf(incoming)).receive())

const failures = await Promise.all([
  codeOf(createNode({ bootstrap, port: first.port })),
  codeOf(createNode({ bootstrap, host: '192.0.2.1' })),
  codeOf(createNode({ bootstrap: [], first: true, port: first.port })),
  codeOf(createNode({ bootstrap: [{ host: '127.0.0.1', port: 1 }], signal: AbortSignal.timeout(100) })),
])
if (failures.includes(undefined)) throw new Error(`a node started that must not: ${failures.join(' ')}`)
await Promise.all([client.close(), storage.close(), first.close()])
process.stdout.write('closed\n')
