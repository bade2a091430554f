import { once } from 'node:events'
import { createReadStream, createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { HandfastError } from '../../src/core/errors.ts'
import { openContacts, openHistory, openMailboxNames } from '../../src/peer/folder.ts'
import { openFiles } from '../../src/peer/stored-files.ts'

/** Fills the disk that holds the folder, and says what can be read of that, and what changing it comes to. */

const [folder = '', address = ''] = process.argv.slice(2)

const rest = createReadStream('/dev/zero').pipe(createWriteStream(join(folder, '..', 'rest')))
await once(rest, 'error')

const codeOf = (work: () => unknown): string | null => {
  try {
    work()
    return null
  } catch (error) {
    return error instanceof HandfastError ? error.code : String(error)
  }
}

using contacts = await openContacts(folder)
const known = contacts.list().map(({ name }) => name)
const changed = codeOf(() => contacts.block(address))
contacts[Symbol.dispose]()
const history = await openHistory(folder, null)
const said = [...history.read(address)].map(({ text }) => text)
history[Symbol.dispose]()
const files = await openFiles(folder, null)
const listed = files.list().length
await files[Symbol.asyncDispose]()
const mailboxes = await openMailboxNames(folder)
process.stdout.write(JSON.stringify({ known, said, listed, named: mailboxes.named(), changed }))
mailboxes[Symbol.dispose]()
