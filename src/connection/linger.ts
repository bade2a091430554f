import { LINGER_MS } from '../core/limits/connection-limits.ts'
import type { OpenConnection } from './connection.ts'

/** Closes a connection that was made for something once nothing was said or heard on it, nor needed it, for a minute. */
export const linger = (
  connection: Pick<OpenConnection, 'close' | 'closed' | 'exchanged'>,
  isNeeded: () => boolean,
): void => {
  let seen = connection.exchanged
  const look = (): void => {
    const isUsed = connection.exchanged !== seen
    seen = connection.exchanged
    if (isUsed || isNeeded()) idle = setTimeout(look, LINGER_MS).unref()
    else void connection.close()
  }
  let idle = setTimeout(look, LINGER_MS).unref()
  void connection.closed.then(() => clearTimeout(idle))
}
