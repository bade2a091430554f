import type { Ending } from './connection.ts'
import type { Remote } from './remote.ts'

/** What happens to connections, as `Peer.events` tells it. */
export type ConnectionEvent =
  /** somebody proved to be who they are */
  | { readonly type: 'connected'; readonly remote: Remote }
  /** and is gone: see `Ending` */
  | ({ readonly type: 'disconnected'; readonly remote: Remote } & Ending)
