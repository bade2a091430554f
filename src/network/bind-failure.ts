import { NetworkError } from '../core/errors.ts'

/** What the system says of a socket that could not be bound, in our codes; any other error as it is. */

export const systemCode = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined

export const bindFailure = (error: unknown, host: string, port: number): unknown => {
  switch (systemCode(error)) {
    case 'EADDRINUSE':
      return new NetworkError('ERR_PORT_IN_USE', { hint: `${host}:${port}`, cause: error })
    case 'EACCES':
      return new NetworkError('ERR_PORT_DENIED', { hint: `${host}:${port}`, cause: error })
    case 'EADDRNOTAVAIL':
      return new NetworkError('ERR_NETWORK_HOST', { hint: host, cause: error })
    default:
      return error
  }
}
