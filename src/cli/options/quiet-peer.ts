import type { Peer } from '../../peer/peer.ts'
import type { Context } from '../context.ts'

/** The data folder's peer, for a command that does one thing: nobody is let in. */
export const openQuietPeer = async ({ folder, bootstrap, signal, passphrases }: Context): Promise<Peer> => {
  const { openPeer } = await import('../../peer/open.ts')
  return openPeer({ folder, bootstrap, signal, passphrase: passphrases.current, listen: false })
}
