import type { TestContext } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { createConnection } from '../../src/connection/connection.ts'
import { dial } from '../../src/connection/dial.ts'
import { describeRemote } from '../../src/connection/remote.ts'
import type { Line, Service } from '../../src/connection/service.ts'
import { ConnectionError } from '../../src/core/errors.ts'
import { createIdentity } from '../../src/core/identity.ts'
import { MESSAGE_BYTES_MAX } from '../../src/core/limits/message-limits.ts'
import { messageId, nextPlace, sequenceStart } from '../../src/core/places.ts'
import { seconds } from '../../src/core/world.ts'
import { systemWorld } from '../../src/identity/system-world.ts'
import { encodeBody } from '../../src/messages/body.ts'
import { createNode } from '../../src/network/node.ts'
import { parseNodes } from '../../src/network/node-list.ts'
import { createTransport } from '../../src/network/transport.ts'
import { openPeer } from '../../src/peer/open.ts'

/** A stranger who knows an address, over real sockets, and keeps no rule of what is said there. */
export type Mallory = {
  /**
   * Sends that many of the largest messages, each the first of a sequence that nobody has seen, whether or not there is room; who ends the
   * connection is called again.
   */
  flood(count: number): Promise<void>
  /** Calls, and leaves again. */
  comeAndGo(): Promise<void>
}

const APP = 'handfast'
const ANSWERED_EVERY_MS = 1_000
const BODY = encodeBody('x'.repeat(MESSAGE_BYTES_MAX))

export const createMallory = async (t: TestContext, network: string, address: string): Promise<Mallory> => {
  const node = await createNode({ bootstrap: parseNodes(network) })
  t.after(() => node.close())
  await using reader = await openPeer({ network, listen: false })
  const found = await reader.lookup(address)

  const call = async () => {
    const { identity } = createIdentity(seconds(systemWorld), systemWorld.random)
    const transport = createTransport(node, identity.transportSeed.export())
    const { promise, resolve } = Promise.withResolvers<Line>()
    const service: Service = {
      kinds: ['got', 'full', 'ready', 'message'],
      attach: (line) => {
        resolve(line)
        return { handle: () => {}, detach: () => {} }
      },
    }
    const dialer = { transport, world: systemWorld, trustStore: { floor: () => null, accept: () => {} } }
    const caller = { ...identity, inc: systemWorld.random(16) }
    const connection = await dial(dialer, found, { identity: caller }, (channel, { log, device, session }) => {
      const trust = { identity: 'unknown', freshness: 'current', reason: 'a test' } as const
      const remote = describeRemote(log, identity.log, { trust, direction: 'out', change: 'none' })
      const parts = { peer: log.id, device, remote, world: systemWorld, services: [service] }
      return createConnection(channel, session, parts)
    })
    const end = async (): Promise<void> => {
      await connection.close()
      await transport.close()
    }
    return { identity, line: await promise, end }
  }

  const sayOne = async ({ identity, line }: Awaited<ReturnType<typeof call>>): Promise<void> => {
    const s = systemWorld.random(16)
    const between = { from: identity.log.id, to: found.log.id, app: APP }
    const content = { r: systemWorld.random(16), at: systemWorld.clock(), b: BODY }
    const { n, c } = nextPlace(sequenceStart(between, s), messageId(between, content))
    await line.say({ k: 'message', s, app: APP, n, c, ...content })
  }

  /** Strangers are answered at a rate, by the clock: who is not is as patient as that. */
  const callPatiently = async (): Promise<Awaited<ReturnType<typeof call>>> => {
    for (;;)
      try {
        return await call()
      } catch (error) {
        if (!(error instanceof ConnectionError && error.code === 'ERR_CONNECT')) throw error
        await setTimeout(ANSWERED_EVERY_MS)
      }
  }

  return {
    flood: async (count) => {
      let conversation = await callPatiently()
      for (let said = 0; said < count; said++)
        try {
          await sayOne(conversation)
        } catch {
          await conversation.end()
          conversation = await callPatiently()
        }
      await conversation.end()
    },
    comeAndGo: async () => {
      const { end } = await call()
      await end()
    },
  }
}
