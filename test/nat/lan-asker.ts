/** Child of lan.ts: opens a peer, then connects to somebody, and prints how many milliseconds that took. */

import { openPeer } from '../../src/peer/open.ts'

const [folder = '', address = ''] = process.argv.slice(2)
const peer = await openPeer({ folder, network: 'lan', listen: false })
const began = performance.now()
await peer.connect(address)
process.stdout.write(`${performance.now() - began}\n`)
process.exit()
