/**
 * Finds out how the network that it runs in maps and filters UDP, as RFC 5780 does: `node probe-client.ts A B`, the two addresses of the server.
 * Prints one line of JSON. A filter is seen by what does not come although it was sent before something that does come.
 */

import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { networkInterfaces } from 'node:os'

const PORTS = [3478, 3479] as const
const [first = '', second = ''] = process.argv.slice(2, 4)
const TRIES = 3
/** For an answer that is on this machine; only where no UDP passes does anybody wait for it. */
const PATIENCE_MS = 300

type Answer = { readonly from: string; readonly seen: string }

/** Sends `text` and takes answers until the one from `last` came. null: none came. */
const ask = async (
  socket: Socket,
  text: string,
  last: string,
  port: number,
  host: string,
): Promise<Answer[] | null> => {
  const answers: Answer[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  const take = (message: Buffer): void => {
    const [from = '', seen = ''] = message.toString().split(' ')
    answers.push({ from, seen })
    if (from === last) resolve()
  }
  socket.on('message', take)
  try {
    for (let tries = 0; tries < TRIES; tries++) {
      socket.send(text, port, host)
      const over = AbortSignal.timeout(PATIENCE_MS)
      const waited = once(over, 'abort').then(() => 'over' as const)
      if ((await Promise.race([promise.then(() => 'came' as const), waited])) === 'came') return answers
    }
    return null
  } finally {
    socket.off('message', take)
  }
}

const open = async (): Promise<Socket> => {
  const socket = createSocket('udp4')
  socket.bind(0)
  await once(socket, 'listening')
  return socket
}

/** From one socket to three places: what does each see? */
const mapping = async () => {
  const socket = await open()
  const places = [
    [first, PORTS[0], '00'],
    [first, PORTS[1], '01'],
    [second, PORTS[0], '10'],
  ] as const
  const seen: string[] = []
  for (const [host, port, from] of places) {
    const answers = await ask(socket, from, from, port, host)
    const answer = answers?.find((one) => one.from === from)
    if (answer !== undefined) seen.push(answer.seen)
  }
  const own = socket.address().port
  socket.close()
  const [a, b, c] = seen
  if (a === undefined) return { mapping: null, seen: null, own }
  if (a === b && b === c) return { mapping: 'endpoint-independent', seen: a, own }
  return { mapping: a === b ? 'address-dependent' : 'address-and-port-dependent', seen: a, own }
}

/** Who was never sent to is asked to send, before who was. */
const filtering = async () => {
  const socket = await open()
  const answers = await ask(socket, '10 01 00', '00', PORTS[0], first)
  socket.close()
  if (answers === null) return null
  if (answers.some(({ from }) => from === '10')) return 'endpoint-independent'
  return answers.some(({ from }) => from === '01') ? 'address-dependent' : 'address-and-port-dependent'
}

const { mapping: mapped, seen, own } = await mapping()
const addresses = Object.values(networkInterfaces()).flatMap(
  (all) => all?.map(({ address }) => `${address}:${own}`) ?? [],
)
const report = {
  mapping: mapped,
  filtering: await filtering(),
  seen,
  translated: seen === null || !addresses.includes(seen),
}
process.stdout.write(`${JSON.stringify(report)}\n`)
