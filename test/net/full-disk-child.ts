/**
 * Child of full-disk.test.ts: Bob, whose data folder is on a small disk. `node full-disk-child.ts <network> <folder>`. On stdin, a line each:
 * `fill` (the disk, to the last byte), `free` (what was filled), `leave`. One JSON line per event.
 */

import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { openPeer } from '../../src/peer/open.ts'

const [, , network = '', folder = ''] = process.argv
const say = (event: object): void => void process.stdout.write(`${JSON.stringify(event)}\n`)
const ballast = join(folder, 'ballast')

const fill = (): void => {
  for (const bytes of [65_536, 4096, 1])
    try {
      for (;;) writeFileSync(ballast, new Uint8Array(bytes), { flag: 'a' })
    } catch {
      // It is full.
    }
}

const peer = await openPeer({ network, folder, listen: false })
const tell = async (): Promise<void> => {
  for await (const event of peer.events()) {
    if (event.type === 'message') {
      const { text, id, peer: from } = event.message
      peer.messages.take({ id, peer: from })
      say({ event: 'message', text: text?.slice(0, 8) })
    } else if (event.type === 'request') await peer.requests.accept(event.request.address)
    else if (event.type === 'held') say({ event: 'held', here: event.here, code: event.code })
    else if (event.type === 'disconnected') say({ event: 'disconnected' })
  }
}
void tell()
await peer.listen()
say({ event: 'listening', address: peer.address })

for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'leave') break
  if (line === 'fill') fill()
  else rmSync(ballast)
  say({ event: 'done' })
}
await peer.close()
process.exit()
