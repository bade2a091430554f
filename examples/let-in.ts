import { createInterface } from 'node:readline/promises'
import { openPeer } from 'handfast'

// Asks for each stranger whether it is let in, and shows what those say who were.

await using peer = await openPeer({ network: process.env.HANDFAST_NETWORK ?? '' })
console.log(peer.address)
const terminal = createInterface({ input: process.stdin, output: process.stdout })

for await (const event of peer.events()) {
  if (event.type === 'request') {
    const { address, safetyNumber, trust } = event.request
    console.log(`${address} (${trust.reason}) asks to be let in; safety number ${safetyNumber}`)
    if ((await terminal.question('y or n? ')) === 'y') await peer.requests.accept(address)
    else await peer.requests.refuse(address)
  } else if (event.type === 'message') {
    console.log(event.message.from, event.message.text ?? event.message.data)
    peer.messages.take(event.message)
  }
}
