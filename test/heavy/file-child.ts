/**
 * Child of files-kill.test.ts. `node file-child.ts <network> <data folder> <received> [<to> <path>]`: accepts every file, and sends one
 * unless it was written down before. One JSON line per event. With FILL in its environment it fills the disk when a part has come, once, and
 * empties it again when the file waits for that.
 */

import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openPeer } from '../../src/peer/open.ts'

const [, , network = '', folder = '', received = '', to, path] = process.argv
const say = (event: object): void => void process.stdout.write(`${JSON.stringify(event)}\n`)

// The end of whoever started it is its own: nothing goes on in the background.
process.stdin.on('end', () => process.exit(1)).resume()

const ballast = join(received, 'ballast')
let fills = process.env.FILL !== undefined
const fill = (): void => {
  fills = false
  try {
    for (;;) writeFileSync(ballast, new Uint8Array(4096), { flag: 'a' })
  } catch {
    // It is full.
  }
}

const peer = await openPeer({ network, folder, listen: false })
const tell = async (): Promise<void> => {
  for await (const event of peer.events()) {
    if (event.type !== 'file') continue
    const { direction, state, done, size, reason, name } = event.transfer
    if (fills && state === 'receiving' && done > 0) fill()
    if (state === 'waiting' && reason === 'ERR_FILE_FULL') rmSync(ballast, { force: true })
    say({ event: 'file', direction, state, done, size, reason, name })
  }
}
void tell()
await peer.listen()
if (to !== undefined && path !== undefined && peer.files.list().length === 0) await peer.files.send(to, path)
say({ event: 'ready', address: peer.address })
for await (const offer of peer.files) {
  const refused = (error: { readonly code?: string }): void => say({ event: 'refused', code: error.code })
  await offer.accept(received).then((transfer) => say({ event: 'accepted', id: transfer.id }), refused)
}
