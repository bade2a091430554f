import { openPeer } from 'handfast'

// Prints everything that happens to a peer, one line each.

await using peer = await openPeer({ network: process.env.HANDFAST_NETWORK ?? '' })
console.log(peer.address)

for await (const event of peer.events()) {
  if (event.type === 'connected') console.log('connected', event.remote.address, event.remote.trust.identity)
  else if (event.type === 'request') console.log('request', event.request.address, event.request.safetyNumber)
  else if (event.type === 'disconnected') console.log('disconnected', event.remote.address, event.reason)
  else if (event.type === 'message') {
    console.log('message', event.message.from, event.message.text ?? event.message.data)
    peer.messages.take(event.message)
  } else console.log(event.type)
}
