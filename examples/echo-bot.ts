import { openPeer } from 'handfast'

// Answers every message with the same text. Talk to it with: handfast chat <the address it prints>

await using peer = await openPeer({ network: process.env.HANDFAST_NETWORK ?? '' })
console.log(peer.address)

for await (const message of peer.messages) {
  // What arrived is on this disk, once and in order; so is the answer, until it has arrived there.
  if (message.text !== undefined) await peer.messages.send(message.from, `you said: ${message.text}`)
}
