import { createReadStream } from 'node:fs'
import { text as readAll } from 'node:stream/consumers'
import { hex } from '../core/bytes.ts'
import { PeerError } from '../core/errors.ts'
import { checkForkProof, FORK_PROOF_BYTES_MAX } from '../core/fork-proof.ts'
import type { KeyLog } from '../core/key-log.ts'
import type { Context } from './context.ts'
import { EXIT } from './failure.ts'

/** `handfast check-proof`: checks a fork proof from its file alone. */
export const checkProof = async (context: Context, path: string): Promise<number> => {
  const text = path === '-' ? await readInput(context) : await readStart(path)
  const { address, a, b, parting } = checkForkProof(text, Math.floor(Date.now() / 1000))
  context.emit({ event: 'proven', address, parting, a: headOf(a), b: headOf(b) })
  return EXIT.done
}

const headOf = ({ epoch, last }: KeyLog) => ({ epoch, seq: last.entry.seq, head: hex(last.hash) })

/** Bytes: one more than a proof can have is enough to see that it is none. */
const LIMIT = FORK_PROOF_BYTES_MAX + 1

const readStart = async (path: string): Promise<string> => {
  try {
    return await readAll(createReadStream(path, { end: LIMIT - 1 }))
  } catch (cause) {
    throw new PeerError('ERR_FILE_READ', { hint: path, cause })
  }
}

const readInput = async ({ terminal, signal }: Context): Promise<string> => {
  let text = ''
  for await (const line of terminal.lines(LIMIT, signal)) {
    text += `${line}\n`
    if (text.length > LIMIT) break
  }
  signal.throwIfAborted()
  return text
}
