import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type HyperDHT from 'hyperdht'
import type { NodeAddress } from '../../src/directory/network-port.ts'
import { createSeeking } from '../../src/network/seeking.ts'
import type { WaysIn } from '../../src/network/ways-in.ts'

/** A node that only pings and looks names up: `alive` answers, `names` is what names stand for at the moment. */
const start = (t: TestContext, entrances: WaysIn, alive: Set<string>, names = new Map<string, string>()) => {
  const asked: string[] = []
  const dht = {
    destroyed: false,
    udx: {
      lookup: async (name: string) => {
        const host = names.get(name)
        if (host === undefined) throw new Error('ENOTFOUND')
        return { host, family: 4 }
      },
    },
    ping: async ({ host, port }: NodeAddress) => {
      asked.push(`${host}:${port}`)
      if (!alive.has(`${host}:${port}`)) throw new Error('REQUEST_TIMEOUT')
    },
  } as unknown as HyperDHT
  const found = Promise.withResolvers<readonly NodeAddress[]>()
  const seeking = createSeeking({
    ...{ dht, entrances, isOwn: ({ port }: NodeAddress) => port === 9, pause: 1, pauseMax: 4 },
    ...{ onFound: found.resolve, onError: found.reject },
  })
  t.after(seeking.end)
  return { seeking, asked, found: found.promise }
}

const at = (host: string, port = 1): NodeAddress => ({ host, port })

test('names of the list are looked up anew in each round', async (t) => {
  const names = new Map([['node.example.org', '192.0.2.1']])
  const { seeking, asked, found } = start(t, { list: [at('node.example.org')] }, new Set(['192.0.2.2:1']), names)
  seeking.begin()
  while (!asked.includes('192.0.2.1:1')) await new Promise(setImmediate)
  names.set('node.example.org', '192.0.2.2')
  assert.deepEqual(await found, [at('192.0.2.2')])
})

test('those seen before are asked when nobody of the list answers, and it never asks itself', async (t) => {
  const entrances = {
    list: [at('192.0.2.1'), at('192.0.2.1', 9)],
    remembered: () => [at('192.0.2.3'), at('192.0.2.4')],
  }
  const { seeking, asked, found } = start(t, entrances, new Set(['192.0.2.4:1']))
  seeking.begin()
  assert.deepEqual(await found, [at('192.0.2.4')])
  assert.deepEqual(asked, ['192.0.2.1:1', '192.0.2.3:1', '192.0.2.4:1'])
})
