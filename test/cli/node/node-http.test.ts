import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { type Pages, startWatch } from '../../../src/cli/node/node-http.ts'

/** The pages of a node, and who asks for them badly. */

const PAGES: Pages = { '/healthz': async () => ({ status: 200, type: 'text/plain', body: 'well\n' }) }

const serve = async (t: TestContext, requestMs?: number): Promise<number> => {
  const { address, close } = await startWatch({ host: '127.0.0.1', port: 0 }, PAGES, requestMs)
  t.after(close)
  return Number(address.split(':')[1])
}

/** Sends this and no more; all that is answered until the other side closes. */
const say = async (port: number, request: string): Promise<string> => {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
  await once(socket, 'connect')
  socket.write(request)
  return text(socket)
}

const ASK = 'GET /healthz HTTP/1.1\r\nHost: node\r\n'

test('who is slow to ask is sent away, not only after half a minute', { timeout: 25_000 }, async (t) => {
  const port = await serve(t, 1_000)
  const slow = ['', ASK, `POST /metrics HTTP/1.1\r\nHost: node\r\nContent-Length: 9\r\n`].map((begun) =>
    say(port, begun),
  )
  for (const answer of await Promise.all(slow)) assert.match(answer, /^HTTP\/1\.1 408 /)
  assert.match(await say(port, `${ASK}\r\n`), /^HTTP\/1\.1 200 /)
})

test('a request that is too large, or none, is refused', async (t) => {
  const port = await serve(t)
  assert.match(await say(port, `${ASK}X: ${'x'.repeat(20_000)}\r\n\r\n`), /^HTTP\/1\.1 431 /)
  assert.match(await say(port, '\0\0\0\r\n\r\n'), /^HTTP\/1\.1 400 /)
})
