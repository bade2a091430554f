import { join } from 'node:path'
import { backup, initialize, restore } from 'handfast'

// Makes an identity in a folder, and keeps it safe twice. Usage: make-identity.ts FOLDER

const [folder = 'identity'] = process.argv.slice(2)

// The 24 words bring the address back when everything else is lost. They are stored nowhere: show them once. Should that throw, nothing is made.
const { address } = await initialize(folder, {
  passphrase: 'of the folder',
  onRecoveryPhrase: (phrase) => console.log(`${phrase.split(' ').length} words`),
})
console.log(address)

// One sealed file holds the keys and the contacts; what was said stays where it is.
const file = join(folder, 'backup.json')
await backup(folder, file, { passphrase: 'of the folder', backupPassphrase: 'of the backup' })
const again = await restore(file, join(folder, 'elsewhere'), { backupPassphrase: 'of the backup' })
console.log(again.address === address)
