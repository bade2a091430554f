import { openPeer } from 'handfast'

// Gives somebody a name. Usage: address-book.ts FOLDER ADDRESS NAME [SAFETY NUMBER, as the owner reads it out]
// A contact is verified when both sides have compared the safety number: then nobody can be in between.

const [folder = '', address = '', name = '', read = ''] = process.argv.slice(2)

await using peer = await openPeer({
  folder,
  network: process.env.HANDFAST_NETWORK ?? '',
  listen: false,
  onRecoveryPhrase: (phrase) => console.log(`write these words on paper: ${phrase}`),
})
await peer.addContact(address, { name })

await using connection = await peer.connect(name)
const { safetyNumber } = connection.remote
console.log(safetyNumber)
if (read.replaceAll(' ', '') === safetyNumber.replaceAll(' ', '')) peer.contacts.verify(name)

for (const contact of peer.contacts.list()) console.log(`${contact.name}: ${contact.trust}`)
