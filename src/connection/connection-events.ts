import type { DialStep } from '../network/dialling.ts'
import type { Way } from '../network/ways.ts'
import type { Ending } from './connection.ts'
import type { Remote } from './remote.ts'

/** What happens to connections, as `Peer.events` tells it. */
export type ConnectionEvent =
  /** the first try to reach somebody was not enough, and this is done next: another one, a search through random ports, or a relay */
  | { readonly type: 'dialling'; readonly address: string; readonly step: DialStep }
  /** somebody proved to be who they are */
  | { readonly type: 'connected'; readonly remote: Remote }
  /** so many more of those who are no contacts connected within a minute than were told of one by one; nor is it that they have gone */
  | { readonly type: 'strangers'; readonly connections: number }
  /** a connection goes on another way than before */
  | { readonly type: 'way'; readonly remote: Remote; readonly way: Way }
  /** and is gone: see `Ending` */
  | ({ readonly type: 'disconnected'; readonly remote: Remote } & Ending)
