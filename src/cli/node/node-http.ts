import { once } from 'node:events'
import { createServer } from 'node:http'
import { NetworkError } from '../../core/errors.ts'
import { systemCode } from '../../store/failures.ts'

/** The two pages by which a storage node is watched. They are for the operator: no address and no identity of anybody is on them. */
export type Page = { readonly status: number; readonly type: string; readonly body: string }

export type Pages = { readonly [path: string]: () => Promise<Page> }

export type Watch = {
  /** 'host:port' */
  readonly address: string
  close(): Promise<void>
}

/** What a page costs bounds how many may be asked for at once. */
const CONNECTIONS_MAX = 32
/** How long a request may take to arrive: whoever is slower must not keep the others out. */
const REQUEST_MS = 5_000
/** How many times in that time slow requests are looked for. Node's default, every 30 s, would let them stay for as long. */
const LOOKS = 5

const plain = (status: number, body: string): Page => ({ status, type: 'text/plain; charset=utf-8', body: `${body}\n` })

const answer = async (pages: Pages, method: string | undefined, url: string | undefined): Promise<Page> => {
  const path = url?.split('?')[0] ?? ''
  const page = Object.hasOwn(pages, path) ? pages[path] : undefined
  if (page === undefined) return plain(404, 'not found')
  if (method !== 'GET' && method !== 'HEAD') return plain(405, 'only GET and HEAD')
  try {
    return await page()
  } catch (error) {
    // A mistake of ours must not end the node, and is nobody's business but the operator's.
    process.emitWarning(error instanceof Error ? error : String(error))
    return plain(500, 'failed')
  }
}

/**
 * @param requestMs milliseconds that a request has to arrive
 * @throws NetworkError ERR_PORT_IN_USE, ERR_PORT_DENIED, ERR_NETWORK_HOST
 */
export const startWatch = async (
  { host, port }: { readonly host: string; readonly port: number },
  pages: Pages,
  requestMs = REQUEST_MS,
): Promise<Watch> => {
  const patience = {
    requestTimeout: requestMs,
    headersTimeout: requestMs,
    connectionsCheckingInterval: requestMs / LOOKS,
  }
  const server = createServer(patience, async (request, response) => {
    const { status, type, body } = await answer(pages, request.method, request.url)
    response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store', connection: 'close' })
    response.end(request.method === 'HEAD' ? undefined : body)
  })
  server.maxConnections = CONNECTIONS_MAX
  server.listen(port, host)
  try {
    await once(server, 'listening')
  } catch (cause) {
    throw bindFailure(cause, `${host}:${port}`)
  }
  const bound = server.address()
  return {
    address: `${host}:${typeof bound === 'object' && bound !== null ? bound.port : port}`,
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

const bindFailure = (cause: unknown, hint: string): unknown => {
  const code = systemCode(cause)
  if (code === 'EADDRINUSE') return new NetworkError('ERR_PORT_IN_USE', { hint, cause })
  if (code === 'EACCES') return new NetworkError('ERR_PORT_DENIED', { hint, cause })
  return new NetworkError('ERR_NETWORK_HOST', { hint, cause })
}
