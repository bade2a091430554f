import { writeFile } from 'node:fs/promises'
import { decodeAddress, encodeAddress } from '../../core/address.ts'
import { FileError, KeyLogError, StoreError } from '../../core/errors.ts'
import { encodeForkProof } from '../../core/fork-proof.ts'
import { openContacts, openPeer } from '../../peer/open.ts'
import type { Fork } from '../../store/fork-store.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../output/failure.ts'

export type ExportProofOptions = { readonly address: string; readonly out?: string | undefined }

/** What this folder kept as evidence, also when nodes show one of the two logs only by now. */
const findKept = async (folder: string, id: Uint8Array): Promise<Fork | null> => {
  try {
    using known = await openContacts(folder)
    return known.fork(id)
  } catch (error) {
    if (error instanceof StoreError && error.code === 'ERR_STORE_MISSING') return null
    throw error
  }
}

/** Asks as a stranger: what this folder saw before must not keep one of the two branches out. */
const findServed = async ({ bootstrap, signal, terminal }: Context, address: string): Promise<Fork> => {
  terminal.status('looking up')
  await using peer = await openPeer({ bootstrap, signal })
  const { log, fork, evidence } = await peer.lookup(address, { signal, policy: 'thorough' })
  terminal.status('')
  if (fork !== null) return { a: log, b: fork }
  throw new KeyLogError('ERR_PROOF', { hint: `no fork was found; ${evidence.agreeing} nodes hold the same log` })
}

/** `handfast export-proof`: writes down that an identity's log was forked, so that anyone can check it. */
export const exportProof = async (context: Context, { address, out }: ExportProofOptions): Promise<number> => {
  const id = decodeAddress(address)
  const { a, b } = (await findKept(context.folder, id)) ?? (await findServed(context, address))
  const proof = encodeForkProof(a, b)
  const { emit } = context
  if (out !== undefined) await write(out, proof)
  emit({ event: 'proof', address: encodeAddress(id), path: out ?? null, proof: out === undefined ? proof : null })
  return EXIT.done
}

const write = async (path: string, text: string): Promise<void> => {
  try {
    await writeFile(path, text, { flag: 'wx' })
  } catch (cause) {
    const exists = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST'
    throw new FileError('ERR_FILE_WRITE', { hint: exists ? `${path} is there already` : path, cause })
  }
}
