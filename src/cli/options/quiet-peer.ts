import type { Peer } from '../../peer/peer.ts'
import type { Context } from '../context.ts'
import type { TakeOverFlags } from './take-over.ts'

/** The data folder's peer, for a command that does one thing: nobody is let in. */
export const openQuietPeer = async (
  { folder, network, beacon, clockIsRight, signal, passphrases }: Context,
  { takeOver }: TakeOverFlags,
): Promise<Peer> => {
  const { openPeer } = await import('../../peer/open.ts')
  const passphrase = passphrases.current
  return openPeer({ folder, network, beacon, signal, passphrase, clockIsRight, takeOver, listen: false })
}
