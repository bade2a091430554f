import type { Connection } from '../connection/connection.ts'

/** The connections that are open, so that they end with the peer. */
export type OpenConnections = {
  adopt(connection: Connection): void
  close(): Promise<void>
}

export const createOpenConnections = (): OpenConnections => {
  const adopted = new Set<Connection>()
  return {
    adopt: (connection) => {
      adopted.add(connection)
      void connection.closed.then(() => adopted.delete(connection))
    },
    close: async () => {
      await Promise.all([...adopted].map((connection) => connection.close()))
    },
  }
}
