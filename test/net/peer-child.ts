/**
 * Child of two-peers.test.ts: Bob in a process of his own. `node peer-child.ts <network> <folder>`; one JSON line per event. He says back what
 * is said to him, gives back files and the bytes of streams, and ends with the first connection.
 */

import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { openPeer } from '../../src/peer/open.ts'

const [, , network = '', folder = ''] = process.argv
const say = (event: object): void => void process.stdout.write(`${JSON.stringify(event)}\n`)

await using peer = await openPeer({
  network,
  folder: join(folder, 'data'),
  onRecoveryPhrase: (phrase) => say({ event: 'phrase', words: phrase.split(' ').length }),
})

const answerMessages = async (): Promise<void> => {
  for await (const { from, text, data } of peer.messages) await peer.messages.send(from, data ?? `you said: ${text}`)
}
const exchangeFiles = async (): Promise<void> => {
  for await (const offer of peer.files) {
    const { id } = await offer.accept(join(folder, 'received'))
    const { path } = await peer.files.finished(id)
    await peer.files.send(offer.peer, path, { name: 'back.bin' })
  }
}
const echoStreams = async (): Promise<void> => {
  for await (const stream of peer.serve('echo/1')) await pipeline(stream, stream)
}
for (const work of [answerMessages(), exchangeFiles(), echoStreams()]) work.catch(() => {})

for await (const event of peer.events()) {
  if (event.type === 'created') say({ event: 'created', address: event.address })
  if (event.type === 'listening') {
    say({ event: 'listening', address: peer.address, accepted: event.publication.accepted })
  }
  // As a contact: of strangers no more is read than so much a second.
  if (event.type === 'connected') {
    await peer.addContact(event.remote.address)
    say({ event: 'connected', ...event.remote })
  }
  if (event.type === 'disconnected') {
    say({ event: 'goodbye', reason: event.reason })
    break
  }
}
