import { once } from 'node:events'
import type { DirectoryNetwork } from '../directory/network-port.ts'
import { includeOwn } from '../directory/own-storage.ts'
import { joinDirectory } from '../directory/plugin.ts'
import { createStorage } from '../directory/storage.ts'
import { parseBootstrap } from '../network/bootstrap-list.ts'
import { createNode, type DhtNode } from '../network/node.ts'
import type { Notice } from '../peer/notice.ts'
import { openMailboxOn } from '../peer/open.ts'
import { readVault } from '../store/vault.ts'
import type { Context } from './context.ts'
import { EXIT } from './failure.ts'
import { listeningEvent } from './listening-event.ts'
import { reportNotice } from './notice.ts'

export type NodeCommandOptions = {
  readonly host: string | undefined
  readonly port: number | undefined
  /** whether the identity of the data folder keeps a mailbox here */
  readonly mailbox: boolean
}

/** `handfast node`: keeps records for others, and parcels, until it is stopped. The only command below the library's face. */
export const node = async (context: Context, { host, port, mailbox }: NodeCommandOptions): Promise<number> => {
  const { folder, signal, terminal, emit } = context
  // Before the network hears of it: a mailbox without an identity is none.
  if (mailbox) await readVault(folder, clock())
  const first = context.bootstrap.trim() === ''
  const bootstrap = first ? [] : parseBootstrap(context.bootstrap)
  terminal.status('joining the network')
  const started = await createNode({ bootstrap, first, host, port, storage: true, signal })
  try {
    const storage = createStorage()
    const others = joinDirectory(started.dht, storage)
    terminal.status('')
    // Bound to every interface, the address others see is the one that reaches it.
    const seen = started.dht.remoteAddress() ?? started
    emit({ event: 'node', bootstrap: `${seen.host}:${seen.port}`, first })
    if (mailbox) await keepMailbox(context, started, includeOwn(others, { storage, self: seen, now: clock }))
    else if (!signal.aborted) await once(signal, 'abort')
  } finally {
    await started.close()
  }
  return EXIT.done
}

const clock = (): number => Math.floor(Date.now() / 1000)

/** Keeps the mailbox of the folder's identity until the command is stopped. */
const keepMailbox = async (context: Context, on: DhtNode, directory: DirectoryNetwork): Promise<void> => {
  const { folder, passphrases, signal, terminal, emit } = context
  const superseded = Promise.withResolvers<never>()
  superseded.promise.catch(() => {})
  const onNotice = (notice: Notice): void => {
    if (notice.type === 'superseded') superseded.reject(notice.error)
    else reportNotice(context, peer.address, notice)
  }
  await using peer = await openMailboxOn(on, directory, { folder, passphrase: passphrases.current, onNotice })
  terminal.status('publishing')
  const { publication } = await peer.listen({ signal })
  terminal.status('')
  emit(listeningEvent(peer.address, publication))
  emit({ event: 'keeping', address: peer.address })
  if (!signal.aborted) await Promise.race([once(signal, 'abort'), superseded.promise])
}
