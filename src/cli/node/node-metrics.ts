import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { Counts } from '../../directory/node/storage.ts'
import type { NetworkState } from '../../peer/peer.ts'
import type { NodeMailbox } from './node-mailbox.ts'

/** What a storage node tells Prometheus: numbers about itself, and none about anybody else. */
export type Metrics = {
  /** as `Registry.contentType` */
  readonly type: string
  /** @throws StoreError */
  text(): Promise<string>
}

export type MetricsParts = {
  readonly counts: () => Counts
  /** HyperDHT's own commands */
  readonly serving: { readonly counts: DhtCounts }
  /** other nodes known */
  readonly nodes: () => number
  readonly network: () => Pick<NetworkState, 'state'>
  /** bytes of the databases on disk; 0 in memory */
  readonly diskBytes: () => Promise<number>
  /** null when there is none */
  readonly mailbox: Pick<NodeMailbox, 'counts'> | null
  /** what a relay forwards; null when there is none */
  readonly relay?: { readonly counts: Readonly<Record<'links' | 'bytes' | 'refused', number>> } | null
}

/** What a node does for HyperDHT's own commands. */
export type DhtCounts = Readonly<Record<'requests' | 'limited' | 'announcements' | 'values' | 'bytes', number>>

type MailboxCounts = ReturnType<NodeMailbox['counts']>

type Samples = readonly (readonly [labels: Readonly<Record<string, string>>, value: number])[]
type Samplers = () => Samples | Promise<Samples>

const one = (value: number): Samples => [[{}, value]]

const some = (value: number | undefined): Samples => (value === undefined ? [] : one(value))

export const createMetrics = (parts: MetricsParts): Metrics => {
  const { counts, serving, nodes, network, diskBytes, mailbox, relay = null } = parts
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })

  const gauge = (name: string, help: string, read: Samplers): void => {
    new Gauge({
      ...{ name, help, registers: [registry] },
      async collect() {
        for (const [, value] of await read()) this.set(value)
      },
    })
  }
  /** Counted elsewhere, and only shown here. */
  const counter = (name: string, help: string, read: Samplers, labelNames: readonly string[] = []): void => {
    new Counter({
      ...{ name, help, labelNames, registers: [registry] },
      async collect() {
        this.reset()
        for (const [labels, value] of await read()) this.inc({ ...labels }, value)
      },
    })
  }

  counter('handfast_requests_total', 'Requests of other nodes', () => kinds(counts()), ['kind'])
  counter('handfast_unanswered_total', 'Requests that got no answer', () => one(counts().unanswered))
  counter('handfast_limited_total', 'Requests beyond a quota', () => one(counts().limited))
  counter('handfast_refused_total', 'PUTs that were refused', () => refusals(counts()), ['code'])
  counter('handfast_evicted_total', 'Identities that made room', () => one(counts().evicted))
  counter('handfast_expired_total', 'Identities that nobody published again', () => one(counts().expired))
  counter('handfast_damaged_total', 'Records that were not what had been stored', () => one(counts().damaged))
  gauge('handfast_identities', 'Identities kept', () => one(counts().identities))
  gauge('handfast_items', 'Log entries and cards kept', () => one(counts().items))
  gauge('handfast_nodes', 'Other nodes known', () => one(nodes()))
  gauge('handfast_joined', 'Whether others answer: 1 or 0', () => one(network().state === 'joined' ? 1 : 0))
  gauge('handfast_disk_bytes', 'Bytes of the databases', async () => one(await diskBytes()))

  counter('handfast_dht_requests_total', 'Requests of HyperDHT itself', () => one(serving.counts.requests))
  counter('handfast_dht_limited_total', 'Of them, those beyond a quota', () => one(serving.counts.limited))
  gauge('handfast_dht_announcements', 'Peers that announced themselves', () => one(serving.counts.announcements))
  gauge('handfast_dht_values', 'Values kept for clients of HyperDHT', () => one(serving.counts.values))
  gauge('handfast_dht_value_bytes', 'Bytes of these values', () => one(serving.counts.bytes))

  gauge('handfast_relay_links', 'Connections that are forwarded', () => some(relay?.counts.links))
  counter('handfast_relay_bytes_total', 'Bytes forwarded', () => some(relay?.counts.bytes))
  counter('handfast_relay_refused_total', 'Guests and links beyond a limit', () => some(relay?.counts.refused))

  /** looked at once for each time all of it is asked for: counting parcels is a pass over an index */
  let box: MailboxCounts | null = null
  gauge('handfast_mailbox_parcels', 'Parcels kept', () => some(box?.parcels))
  gauge('handfast_mailbox_bytes', 'Bytes of the parcels kept', () => some(box?.bytes))
  gauge('handfast_mailbox_guests', 'Guests served at this moment', () => some(box?.guests))
  counter('handfast_mailbox_kept_total', 'Deposits that were accepted', () => some(box?.kept))
  counter('handfast_mailbox_opened_total', 'Recipients who proved who they are', () => some(box?.opened))
  counter('handfast_mailbox_handed_total', 'Parcels handed out', () => some(box?.handed))
  counter('handfast_mailbox_refused_total', 'Guests refused', () => (box === null ? [] : refusals(box)), ['code'])

  return {
    type: registry.contentType,
    text: async () => {
      box = mailbox?.counts() ?? null
      return registry.metrics()
    },
  }
}

const kinds = ({ requests }: Counts): Samples => Object.entries(requests).map(([kind, value]) => [{ kind }, value])

const refusals = ({ refused }: Pick<Counts, 'refused'>): Samples =>
  [...refused].map(([code, value]) => [{ code }, value])
