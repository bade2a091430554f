import { open, rm } from 'node:fs/promises'
import { decodeAddress } from '../../core/address.ts'
import { FileError, KeyLogError, StoreError } from '../../core/errors.ts'
import { encodeForkProof } from '../../core/fork-proof.ts'
import type { Fork } from '../../store/fork-store.ts'
import type { CommandFile, Context } from '../context.ts'
import { resolveContact, WHO } from '../options/contact.ts'
import { tellingClock } from '../output/clock-event.ts'
import { EXIT } from '../output/failure.ts'

type Flags = { readonly out?: string }

export const exportProofCommand: CommandFile = (program, start) =>
  program
    .command('export-proof')
    .argument('<contact>', WHO)
    .option('--out <file>', 'write it to a file that does not exist yet')
    .summary('write down that two key logs of an address contradict each other')
    .description(
      'Prints a fork proof: two valid key logs of one address that contradict each other. Anyone can check it.',
    )
    .addHelpText('after', '\nExample:\n  handfast export-proof hf1… --out proof.json --network 127.0.0.1:4000')
    .action((contact: string, flags: Flags) => start((context) => exportProof(context, contact, flags)))

const exportProof = async (context: Context, contact: string, { out }: Flags): Promise<number> => {
  const address = await resolveContact(context.folder, contact)
  const { a, b } = (await findKept(context.folder, decodeAddress(address))) ?? (await findServed(context, address))
  const proof = encodeForkProof(a, b)
  const { emit } = context
  if (out !== undefined) await write(out, proof)
  await emit({ event: 'proof', address, path: out ?? null, proof: out === undefined ? proof : null })
  return EXIT.done
}

/** What this folder kept as evidence, also when nodes show one of the two logs only by now. */
const findKept = async (folder: string, id: Uint8Array): Promise<Fork | null> => {
  const { openContacts } = await import('../../peer/folder.ts')
  try {
    using known = await openContacts(folder)
    return known.fork(id)
  } catch (error) {
    if (error instanceof StoreError && error.code === 'ERR_STORE_MISSING') return null
    throw error
  }
}

/** Asks as a stranger: what this folder saw before must not keep one of the two branches out. */
const findServed = async (context: Context, address: string): Promise<Fork> => {
  const { network, beacon, signal, terminal } = context
  const { openPeer } = await import('../../peer/open.ts')
  terminal.status('looking up')
  await using peer = await openPeer({ network, beacon, signal, listen: false })
  await using _clock = tellingClock(context, peer)
  const { log, fork, evidence } = await peer.lookup(address, { signal, policy: 'thorough' })
  terminal.status('')
  if (fork !== null) return { a: log, b: fork }
  throw new KeyLogError('ERR_PROOF', {
    hint: `no contradiction was found; ${evidence.agreeing} nodes hold the same key log`,
  })
}

/** All of it, or no file. */
const write = async (path: string, text: string): Promise<void> => {
  try {
    const file = await open(path, 'wx')
    try {
      await file.writeFile(text)
      await file.sync()
    } catch (cause) {
      await rm(path, { force: true }).catch(() => {})
      throw cause
    } finally {
      await file.close()
    }
  } catch (cause) {
    const exists = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST'
    throw new FileError('ERR_FILE_WRITE', { hint: exists ? `${path} is there already` : path, cause })
  }
}
