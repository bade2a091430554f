/** Child of two-peers.test.ts: Bob in a process of his own. `node peer-child.ts <bootstrap> <folder>`; one JSON line per event. */

import { join } from 'node:path'
import { openPeer } from '../../src/peer/open.ts'

const [, , bootstrap = '', folder = ''] = process.argv
const say = (event: object): void => void process.stdout.write(`${JSON.stringify(event)}\n`)

await using peer = await openPeer({
  bootstrap,
  folder: join(folder, 'data'),
  onRecoveryPhrase: (phrase) => say({ event: 'phrase', words: phrase.split(' ').length }),
})
const listener = await peer.listen()
say({ event: 'listening', address: peer.address, accepted: listener.publication.accepted })

const exchangeFiles = async (): Promise<void> => {
  for await (const offer of peer.files) {
    const { id } = await offer.accept(join(folder, 'received'))
    const { path } = await peer.files.finished(id)
    await peer.files.send(offer.peer, path, { name: 'back.bin' })
  }
}
const exchanging = exchangeFiles()
exchanging.catch(() => {})

for await (const connection of listener) {
  say({ event: 'connected', ...connection.remote })
  for await (const item of connection) {
    await connection.send(item.type === 'text' ? `you said: ${item.text}` : item.data)
  }
  say({ event: 'goodbye' })
  break
}
