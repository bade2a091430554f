import type { Directory } from '../../directory/client/directory.ts'
import type { StorageNode } from '../../directory/node/storage.ts'
import type { NetworkState } from '../../peer/peer.ts'
import { createHealth } from './node-health.ts'
import type { NodeHome } from './node-home.ts'
import { startWatch } from './node-http.ts'
import type { NodeMailbox } from './node-mailbox.ts'
import { createMetrics, type DhtCounts, type MetricsParts } from './node-metrics.ts'

/** What of a running node can be watched. */
export type Watched = {
  readonly started: { readonly dht: { toArray(): readonly unknown[] }; state(): NetworkState }
  /** what all of its ports do for HyperDHT */
  readonly serving: { readonly counts: DhtCounts }
  readonly storage: StorageNode
  /** the network without this node */
  readonly others: Directory
  readonly home: NodeHome | null
  readonly mailbox: Pick<NodeMailbox, 'counts'> | null
  readonly relay?: MetricsParts['relay']
}

/**
 * Serves `/healthz` and `/metrics` until it is disposed of.
 * @throws NetworkError ERR_PORT_IN_USE, ERR_PORT_DENIED, ERR_NETWORK_HOST
 */
export const watchNode = async (
  at: { readonly host: string; readonly port: number },
  { started, serving, storage, others, home, mailbox, relay = null }: Watched,
): Promise<AsyncDisposable & { readonly address: string }> => {
  const nodes = (): number => started.dht.toArray().length
  const network = (): NetworkState => started.state()
  const health = createHealth({ storage, others, nodes, network, clock: Date.now })
  const diskBytes = async (): Promise<number> => home?.size() ?? 0
  const counts = (): StorageNode['counts'] => storage.counts
  const metrics = createMetrics({ counts, serving, nodes, network, diskBytes, mailbox, relay })
  const { address, close } = await startWatch(at, {
    '/healthz': async () => {
      const report = await health.check()
      const body = `${JSON.stringify(report)}\n`
      return { status: report.ok ? 200 : 503, type: 'application/json', body }
    },
    '/metrics': async () => ({ status: 200, type: metrics.type, body: await metrics.text() }),
  })
  return { address, [Symbol.asyncDispose]: close }
}
