/**
 * Child of folders-put-back.test.ts: somebody with a data folder. `node folder-child.ts <network> <folder> <the other's address>`. It
 * does what it is told on stdin, a line each: `say TEXT`, `file PATH`, `resend`, `settle` (until nothing waits
 * any more), `mail` (until all that is to be said lies in mailboxes), `leave`.
 * One JSON line per event.
 */

import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { decodeAddress } from '../../src/core/address.ts'
import { PARCEL_AGAIN } from '../../src/core/limits/message-limits.ts'
import { openPeer } from '../../src/peer/open.ts'
import { openStore } from '../../src/store/store.ts'
import { openVault } from '../../src/store/vault.ts'

const [, , network = '', folder = '', other = ''] = process.argv
const say = (event: object): void => void process.stdout.write(`${JSON.stringify(event)}\n`)

const peer = await openPeer({ network, folder, listen: false })
/** Rings with every change of a message of ours. */
const bell = new EventTarget()
const rings = (name: string): Promise<unknown> =>
  new Promise((resolve) => bell.addEventListener(name, resolve, { once: true }))
/** Whether something is to be left at mailboxes yet. */
const now = (): number => Math.floor(Date.now() / 1000)
const { storeKey } = await openVault(folder, null)
const store = openStore(folder, storeKey)
const hasMail = (): boolean =>
  store.mailboxOutbox.waiting(now()).length > 0 ||
  store.mailboxOutbox.hasUnparcelled(decodeAddress(other), now() - PARCEL_AGAIN)

const tell = async (): Promise<void> => {
  for await (const event of peer.events()) {
    if (event.type === 'message') {
      const { text, id, peer: from } = event.message
      peer.messages.take({ id, peer: from })
      say({ event: 'message', text })
    } else if (event.type === 'request') {
      await peer.requests.accept(event.request.address)
    } else if (event.type === 'delivery') {
      say({ event: 'delivery', text: event.message.text, state: event.message.state })
      bell.dispatchEvent(new Event('delivery'))
    } else if (event.type === 'file') {
      const { name, direction, state } = event.transfer
      say({ event: 'file', name, direction, state })
    } else if (event.type === 'peer-went-back') say({ event: 'peer-went-back', again: event.again, gone: event.gone })
    else if (event.type === 'in-mailboxes') bell.dispatchEvent(new Event('in-mailboxes'))
  }
}
const takeFiles = async (): Promise<void> => {
  for await (const offer of peer.files) await offer.accept(join(folder, 'received'))
}
void tell()
takeFiles().catch(() => {})
await peer.listen()
say({ event: 'listening', address: peer.address })

for await (const line of createInterface({ input: process.stdin })) {
  const [what = '', ...rest] = line.split(' ')
  if (what === 'say') await peer.messages.send(other, rest.join(' '))
  else if (what === 'file') await peer.files.send(other, rest.join(' '))
  else if (what === 'resend') await peer.messages.resend(other)
  else if (what === 'mail') {
    await peer.mailboxes.fetch()
    while (hasMail()) await rings('in-mailboxes')
    say({ event: 'mailed', waiting: peer.messages.waiting(other) })
  } else if (what === 'settle') {
    while (peer.messages.waiting(other) > 0) await rings('delivery')
    say({ event: 'settled', waiting: peer.messages.waiting(other) })
  } else break
}
store.close()
await peer.close()
// Whoever started it may not have closed its end.
process.stdin.destroy()
