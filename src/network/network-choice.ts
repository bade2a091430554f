import type { NodeAddress } from '../directory/network-port.ts'
import { parseNodes } from './node-list.ts'
import { publicNodes } from './public-network.ts'

/** Which network a person chose: `public`, `lan`, or nodes of their own. */
export type NetworkChoice =
  /** the HyperDHT network of thousands of nodes that strangers keep */
  | { readonly kind: 'public' }
  /** nothing beyond the local network: who is there is found, and named by nobody */
  | { readonly kind: 'lan' }
  /** a network that is entered through these nodes */
  | { readonly kind: 'own'; readonly nodes: readonly NodeAddress[] }

const WORDS: readonly string[] = ['public', 'lan']

const isWord = (text: string): text is 'public' | 'lan' => WORDS.includes(text)

/**
 * Reads a choice: `public`, `lan`, or nodes as `parseNodes` takes them. There is no default: who is asked for an address is for a person to say.
 * @throws NetworkError ERR_NETWORK_MISSING, ERR_NETWORK_FORMAT
 */
export const parseNetwork = (text: string | readonly string[]): NetworkChoice => {
  const given = typeof text === 'string' ? text : text.join(',')
  const word = given.trim().toLowerCase()
  if (isWord(word)) return { kind: word }
  return { kind: 'own', nodes: parseNodes(given) }
}

/** As it is written and remembered: `parseNetwork` reads it again. */
export const writeNetwork = (choice: NetworkChoice): string =>
  choice.kind === 'own' ? choice.nodes.map(({ host, port }) => `${host}:${port}`).join(',') : choice.kind

/** The nodes that lead into it; none for a local network, where they are found. This is the only way to the names of the public one. */
export const entrancesOf = (choice: NetworkChoice): readonly NodeAddress[] => {
  if (choice.kind === 'own') return choice.nodes
  return choice.kind === 'public' ? publicNodes() : []
}
