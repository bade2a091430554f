import { pipeline } from 'node:stream/promises'
import { openPeer } from 'handfast'

// A pipe between two machines. Without an argument it waits for one stream and writes it to stdout; with an address it sends stdin there.

const [address] = process.argv.slice(2)

await using peer = await openPeer({ network: process.env.HANDFAST_NETWORK ?? '', listen: address === undefined })

if (address === undefined) {
  console.error(peer.address)
  for await (const stream of peer.serve('pipe/1')) {
    console.error(`from ${stream.remote.address}`)
    await pipeline(stream, process.stdout, { end: false })
    stream.end()
    break
  }
} else {
  const stream = await peer.dial(address, 'pipe/1')
  await pipeline(process.stdin, stream)
  // The other side ends its half when it has everything.
  for await (const _ of stream);
}
