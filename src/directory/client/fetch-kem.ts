import { concat } from '../../core/bytes.ts'
import { checkKem, type SignedCard } from '../../core/card.ts'
import { DirectoryError } from '../../core/errors.ts'
import type { DirectoryNetwork } from '../network-port.ts'
import { replicaTargets } from '../replicas.ts'
import { COMMAND, decodeGetKemHalfAnswer, encodeMessage } from '../request-format.ts'
import { askAgain, type KnownNode } from './get-requests.ts'

/**
 * Fetches the ML-KEM-768 key (1184 bytes) a published card names from the nodes that hold the log. All are asked at once:
 * silent nodes near a target must not use up the time.
 * @throws DirectoryError ERR_LOOKUP_NOT_FOUND when each of them answered and none has it, ERR_LOOKUP_INCOMPLETE otherwise
 */
export const fetchKem = async (
  network: DirectoryNetwork,
  { card, holders }: { readonly card: SignedCard; readonly holders: readonly KnownNode[] },
  signal: AbortSignal,
): Promise<Uint8Array> => {
  const { id } = card.card
  const target = replicaTargets(id)[0] ?? id
  const done = new AbortController()
  const options = { command: COMMAND.getKemHalf, target, signal: AbortSignal.any([signal, done.signal]) }
  let silent = holders.length === 0
  const ask = async (holder: KnownNode, half: number): Promise<Uint8Array | null> => {
    const value = encodeMessage({ id, card: card.hash, half })
    const answer = await askAgain(network, holder, { ...options, value })
    silent ||= answer === null
    return answer === null ? null : readHalf(answer)
  }
  const fetch = async (holder: KnownNode): Promise<Uint8Array> => {
    const [first, second] = await Promise.all([ask(holder, 0), ask(holder, 1)])
    if (!first || !second) throw new DirectoryError('ERR_LOOKUP_NOT_FOUND')
    const kem = concat(first, second)
    checkKem(card.card, kem)
    return kem
  }
  try {
    return await Promise.any(holders.map(fetch))
  } catch (cause) {
    const hint = 'the ML-KEM key of the card'
    throw new DirectoryError(silent ? 'ERR_LOOKUP_INCOMPLETE' : 'ERR_LOOKUP_NOT_FOUND', { hint, cause })
  } finally {
    done.abort()
  }
}

const readHalf = (answer: Uint8Array): Uint8Array | null => {
  try {
    return decodeGetKemHalfAnswer(answer).half
  } catch {
    return null
  }
}
