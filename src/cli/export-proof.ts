import { writeFile } from 'node:fs/promises'
import { decodeAddress, encodeAddress } from '../core/address.ts'
import { KeyLogError, PeerError } from '../core/errors.ts'
import { encodeForkProof } from '../core/fork-proof.ts'
import { openPeer } from '../peer/open.ts'
import type { Context } from './context.ts'
import { EXIT } from './failure.ts'

export type ExportProofOptions = { readonly address: string; readonly out?: string | undefined }

/**
 * `handfast export-proof`: writes down that an identity's log was forked, so that anyone can check it. It asks as a stranger: what
 * this folder saw before must not keep one of the two branches out.
 */
export const exportProof = async (context: Context, { address, out }: ExportProofOptions): Promise<number> => {
  const { bootstrap, signal, terminal, emit } = context
  const id = decodeAddress(address)
  terminal.status('looking up')
  await using peer = await openPeer({ bootstrap, signal })
  const { log, fork, evidence } = await peer.lookup(address, { signal })
  terminal.status('')
  if (fork === null)
    throw new KeyLogError('ERR_PROOF', { hint: `no fork was found; ${evidence.agreeing} nodes hold the same log` })
  const proof = encodeForkProof(log, fork)
  if (out !== undefined) await write(out, proof)
  emit({ event: 'proof', address: encodeAddress(id), path: out ?? null, proof: out === undefined ? proof : null })
  return EXIT.done
}

const write = async (path: string, text: string): Promise<void> => {
  try {
    await writeFile(path, text, { flag: 'wx' })
  } catch (cause) {
    const exists = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST'
    throw new PeerError('ERR_FILE_WRITE', { hint: exists ? `${path} is there already` : path, cause })
  }
}
