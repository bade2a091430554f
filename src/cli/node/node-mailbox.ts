import { once } from 'node:events'
import type { Notice } from '../../contacts/notice.ts'
import type { DirectoryNetwork } from '../../directory/network-port.ts'
import { type MailboxPeer, openMailboxOn } from '../../peer/open.ts'
import type { Context } from '../context.ts'
import { listeningEvent } from '../output/listening-event.ts'
import { reportNotice } from '../output/notice.ts'

/** The mailbox that a storage node keeps, as the identity of its data folder. */
export type NodeMailbox = AsyncDisposable & {
  readonly counts: MailboxPeer['counts']
  /** Lets guests in until the command is stopped. @throws as `Peer.listen` */
  keep(): Promise<void>
}

/** @throws StoreError ERR_STORE_* */
export const openNodeMailbox = async (
  { folder, passphrases, signal, terminal, emit }: Context,
  on: Parameters<typeof openMailboxOn>[0],
  directory: DirectoryNetwork,
): Promise<NodeMailbox> => {
  const superseded = Promise.withResolvers<never>()
  superseded.promise.catch(() => {})
  const onNotice = (notice: Notice): void => {
    if (notice.type === 'superseded') superseded.reject(notice.error)
    else reportNotice({ emit }, peer.address, notice)
  }
  const { peer, counts } = await openMailboxOn(on, directory, { folder, passphrase: passphrases.current, onNotice })
  return {
    counts,
    keep: async () => {
      terminal.status('publishing')
      const { publication } = await peer.listen({ signal })
      terminal.status('')
      emit(listeningEvent(peer.address, publication))
      emit({ event: 'keeping', address: peer.address })
      if (!signal.aborted) await Promise.race([once(signal, 'abort'), superseded.promise])
    },
    [Symbol.asyncDispose]: () => peer.close(),
  }
}
