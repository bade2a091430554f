import { openPeer } from 'handfast'

// Takes what contacts offer into a folder, and refuses what others do. Usage: file-drop.ts FOLDER [ADDRESS…]
// The addresses become contacts; whoever has one of them can drop files here.

const [folder = 'dropped', ...friends] = process.argv.slice(2)

await using peer = await openPeer({ network: process.env.HANDFAST_NETWORK ?? '' })
for (const friend of friends) await peer.addContact(friend)
console.log(peer.address)

for await (const offer of peer.files) {
  if (peer.contacts.get(offer.peer) === null) {
    await offer.refuse()
    continue
  }
  const { id } = await offer.accept(folder)
  // Whole and checked, or not at all; a lost connection does not matter.
  peer.files.finished(id).then(
    ({ path, size }) => console.log(`${path} (${size} bytes)`),
    (error) => console.error(`${offer.name}: ${error.message}`),
  )
}
