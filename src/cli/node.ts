import { once } from 'node:events'
import { joinDirectory } from '../directory/plugin.ts'
import { createStorage } from '../directory/storage.ts'
import { parseBootstrap } from '../network/bootstrap-list.ts'
import { createNode } from '../network/node.ts'
import type { Context } from './context.ts'
import { EXIT } from './failure.ts'

export type NodeCommandOptions = { readonly host: string | undefined; readonly port: number | undefined }

/** `handfast node`: keeps records for others, until it is stopped. The only command below the library's face. */
export const node = async (context: Context, { host, port }: NodeCommandOptions): Promise<number> => {
  const { signal, terminal, emit } = context
  const first = context.bootstrap.trim() === ''
  const bootstrap = first ? [] : parseBootstrap(context.bootstrap)
  terminal.status('joining the network')
  const started = await createNode({ bootstrap, first, host, port, storage: true, signal })
  try {
    joinDirectory(started.dht, createStorage())
    terminal.status('')
    // Bound to every interface, the address others see is the one that reaches it.
    const seen = started.dht.remoteAddress() ?? started
    emit({ event: 'node', bootstrap: `${seen.host}:${seen.port}`, first })
    if (!signal.aborted) await once(signal, 'abort')
  } finally {
    await started.close()
  }
  return EXIT.done
}
