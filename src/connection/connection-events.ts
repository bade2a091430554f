import type { Ending } from './connection.ts'
import type { Remote } from './remote.ts'

/** What happens to connections, as `Peer.events` tells it. */
export type ConnectionEvent =
  /** somebody proved to be who they are */
  | { readonly type: 'connected'; readonly remote: Remote }
  /** so many more of those who are no contacts connected within a minute than were told of one by one; nor is it that they have gone */
  | { readonly type: 'strangers'; readonly connections: number }
  /** and is gone: see `Ending` */
  | ({ readonly type: 'disconnected'; readonly remote: Remote } & Ending)
