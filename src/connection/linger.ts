import { LINGER_MS } from '../core/limits.ts'
import type { Connection } from './connection.ts'

/** Closes a connection that was made for something once nothing has needed it for a minute. */
export const linger = (connection: Pick<Connection, 'close' | 'closed'>, isNeeded: () => boolean): void => {
  const look = (): void => {
    if (isNeeded()) idle = setTimeout(look, LINGER_MS).unref()
    else void connection.close()
  }
  let idle = setTimeout(look, LINGER_MS).unref()
  void connection.closed.then(() => clearTimeout(idle))
}
