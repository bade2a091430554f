/**
 * What answers the probes: two addresses with two ports each, as RFC 5780 has it. `node probe-server.ts A B`. A request says at which of the four
 * something should be sent from in reply, in turn; each reply says which it is and from where the request came.
 */

import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'

const PORTS = [3478, 3479] as const
const hosts = process.argv.slice(2, 4)

const sockets = new Map<string, Socket>()
for (const [h, host] of hosts.entries())
  for (const [p, port] of PORTS.entries()) {
    const socket = createSocket('udp4')
    socket.bind(port, host)
    await once(socket, 'listening')
    sockets.set(`${h}${p}`, socket)
  }

const send = (from: string, text: string, port: number, host: string): Promise<void> =>
  new Promise((resolve) => {
    const socket = sockets.get(from)
    if (socket === undefined) resolve()
    else socket.send(text, port, host, () => resolve())
  })

const answer = async (asked: string, port: number, host: string): Promise<void> => {
  for (const from of asked.split(' ')) await send(from, `${from} ${host}:${port}`, port, host)
}

for (const socket of sockets.values())
  socket.on('message', (message, { address, port }) => void answer(message.toString(), port, address))
process.stdout.write('ready\n')
