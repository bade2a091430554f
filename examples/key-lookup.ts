import { exportPublicKey, HandfastError, openPeer } from 'handfast'

// Whose key is it? Usage: key-lookup.ts ADDRESS
// Prints the signing key that belongs to an address, and what the answer rests on.

await using peer = await openPeer({ network: process.env.HANDFAST_NETWORK ?? '', listen: false })

try {
  const { log, trust, verdict } = await peer.lookup(process.argv[2] ?? '')
  const [device] = log.last.entry.devices
  if (device === undefined) throw new Error('the identity is retired')
  console.log(exportPublicKey(device.sign, 'did'))
  console.log(`${trust.freshness}: ${verdict.reason}`)
} catch (error) {
  if (!(error instanceof HandfastError)) throw error
  console.error(`${error.code}: ${error.message}\n${error.advice}`)
  process.exitCode = 1
}
