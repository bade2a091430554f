import type { Connection } from '../connection/connection.ts'
import { equal } from '../core/bytes.ts'
import { PEER_CONNECTIONS_MAX, STRANGER_CONNECTIONS_MAX } from '../core/limits/connection-limits.ts'

/** The connections that are open, so that they end with the peer, and so that nobody has too many. */
export type OpenConnections = {
  /** Counts one on which two talk. Who has too many makes room with the oldest. */
  add(peer: Uint8Array, connection: Connection): void
  /** Only makes it end with the peer. */
  adopt(connection: Connection): void
  close(): Promise<void>
}

type Open = { readonly peer: Uint8Array; readonly connection: Connection }

/** Whoever comes next is there for sure, and an old one may be dead and not know it. */
const makeRoom = (open: readonly Open[], most: number): void => {
  for (const { connection } of open.slice(0, Math.max(0, open.length - most))) void connection.close()
}

/** @param isStranger asked each time: whoever called as a stranger may be a contact by now */
export const createOpenConnections = (isStranger: (peer: Uint8Array) => boolean): OpenConnections => {
  const adopted = new Set<Connection>()
  const open = new Set<Open>()
  const adopt = (connection: Connection): void => {
    adopted.add(connection)
    void connection.closed.then(() => adopted.delete(connection))
  }
  return {
    adopt,
    add: (peer, connection) => {
      const one = { peer, connection }
      open.add(one)
      adopt(connection)
      const all = [...open]
      const ofPeer = all.filter((other) => equal(other.peer, peer))
      makeRoom(ofPeer, PEER_CONNECTIONS_MAX)
      const strangers = isStranger(peer) ? all.filter((other) => isStranger(other.peer)) : []
      makeRoom(strangers, STRANGER_CONNECTIONS_MAX)
      void connection.closed.then(() => open.delete(one))
    },
    close: async () => {
      await Promise.all([...adopted].map((connection) => connection.close()))
    },
  }
}
