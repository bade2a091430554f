import { NetworkError } from '../../core/errors.ts'
import type { Context } from '../context.ts'

/** Asks a person which network an identity is to use: whom it asks for addresses is nobody else's decision. */

const EXPLAINED: readonly string[] = [
  '',
  'Which network?',
  // Each within 80 columns.
  '  public     thousands of nodes that strangers keep: HyperDHT, as Keet uses it',
  '             they see from where somebody asks, and for whose address',
  '  lan        nothing beyond the local network: who is in it is found',
  '  host:port  nodes of your own, or of somebody you know; several with commas',
  '             (handfast node runs one)',
]
const ANSWER_MAX = 8_192

/**
 * What the command line or the environment says; else the answer of whoever sits at the terminal, who may try again.
 * @throws NetworkError ERR_NETWORK_MISSING where nobody can be asked, or gives no answer; ERR_NETWORK_FORMAT
 */
export const chooseNetwork = async ({ network, terminal, signal }: Context): Promise<string> => {
  const { checkNetwork } = await import('../../peer/folder-network.ts')
  if (network !== '' || !terminal.interactive) {
    checkNetwork(network)
    return network
  }
  await terminal.err(EXPLAINED)
  for (;;) {
    const answer = await terminal.ask('network: ', { limit: ANSWER_MAX, signal })
    signal.throwIfAborted()
    if (answer === null) throw new NetworkError('ERR_NETWORK_MISSING')
    try {
      checkNetwork(answer)
      return answer.trim()
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error
      await terminal.err([error.message])
    }
  }
}
