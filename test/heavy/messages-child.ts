/**
 * Child of messages-kill.test.ts: one side of a conversation that may be killed at any moment. `node messages-child.ts <folder>
 * <network> <address of the other> <how many messages to have written>`. A line on stdout for every step; what the application is given is
 * written to `seen.txt` before the next is asked for.
 */

import { appendFileSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { join } from 'node:path'
import { openPeer } from '../../src/peer/open.ts'

const [, , folder = '', network = '', other = '', amount = ''] = process.argv
const count = Number(amount)
const say = (line: string): void => void process.stdout.write(`${line}\n`)

/** Messages written at once. */
const BATCH = 5

// It would be written at the end, to which few of these come: each would compile everything anew.
flushCompileCache()
say('begun')
const peer = await openPeer({ folder, network, listen: false })
const { messages } = peer
say('opened')
/** The last one written says how many there are. */
const lastWritten = (limit = 64): number => {
  const latest = messages.history(other, { limit })
  const last = latest.findLast(({ direction }) => direction === 'out')
  return last !== undefined ? Number(last.text) : latest.length < limit ? -1 : lastWritten(4 * limit)
}
const written = lastWritten() + 1
const tell = async (): Promise<void> => {
  for await (const event of peer.events())
    if (event.type === 'message' || event.type === 'delivery') say(`${event.message.direction} ${event.message.state}`)
}
void tell()
await peer.listen()
say('listening')

const write = async (): Promise<void> => {
  for (let next = written; next < count; next += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, count - next) }, (_, index) => `${next + index}`)
    await Promise.all(batch.map((text) => messages.send(other, text).then(() => say('written'))))
  }
}
const read = async (): Promise<void> => {
  for await (const { id, text } of messages) {
    appendFileSync(join(folder, 'seen.txt'), `${id} ${text}\n`)
    if (text === `${count - 1}`) say('read all')
  }
}
await Promise.all([write(), read()])
