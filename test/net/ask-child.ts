/**
 * Child of theft-processes.test.ts: asks storage nodes one by one what stands there. `node ask-child.ts <address> <node>…`; one
 * JSON line tells the hash of the last entry at each, in their order, null where nothing is held.
 */

import { decodeAddress } from '../../src/core/address.ts'
import { hex } from '../../src/core/bytes.ts'
import { encodeGet } from '../../src/directory/client/get-requests.ts'
import { createStorage } from '../../src/directory/node/storage.ts'
import { COMMAND, decodeGetAnswer } from '../../src/directory/request-format.ts'
import { joinDirectory } from '../../src/network/directory-plugin.ts'
import { createNode } from '../../src/network/node.ts'
import { parseNodes } from '../../src/network/node-list.ts'

const [, , address = '', ...list] = process.argv
const id = decodeAddress(address)
const nodes = parseNodes(list)
const { dht, close } = await createNode({ bootstrap: nodes })
const directory = joinDirectory(dht, createStorage())
const signal = AbortSignal.timeout(60_000)
const tips = await Promise.all(
  nodes.map(async (node) => {
    const get = { command: COMMAND.get, value: encodeGet(id), signal, target: id }
    const answer = (await directory.request(node, get))?.value ?? null
    if (answer === null) throw new Error(`${node.host}:${node.port} is silent`)
    const { tip } = decodeGetAnswer(answer)
    return tip === null ? null : hex(tip)
  }),
)
process.stdout.write(`${JSON.stringify({ event: 'stands', tips })}\n`)
await close()
