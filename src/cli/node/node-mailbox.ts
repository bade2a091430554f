import type { Directory } from '../../directory/client/directory.ts'
import type { MailboxPeer } from '../../peer/join.ts'
import { openMailboxOn } from '../../peer/open.ts'
import { followPeer } from '../chat/follow.ts'
import type { Context } from '../context.ts'

/** The mailbox that a storage node keeps, as the identity of its data folder. */
export type NodeMailbox = AsyncDisposable & {
  readonly counts: MailboxPeer['counts']
  /** Lets guests in until the command is stopped. @throws as `Peer.listen` */
  keep(): Promise<void>
}

/** @throws StoreError ERR_STORE_* */
export const openNodeMailbox = async (
  context: Context,
  on: Parameters<typeof openMailboxOn>[0],
  directory: Directory,
  takeOver: boolean | undefined,
): Promise<NodeMailbox> => {
  const { folder, clockIsRight, passphrases, signal, terminal } = context
  const options = { folder, clockIsRight, takeOver, passphrase: passphrases.current }
  const { peer, counts } = await openMailboxOn(on, directory, options)
  return {
    counts,
    keep: async () => {
      terminal.status('publishing')
      await peer.listen({ signal })
      terminal.status('')
      await followPeer(context, peer, { signal, keepsMailbox: true })
    },
    [Symbol.asyncDispose]: () => peer.close(),
  }
}
