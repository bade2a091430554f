import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Address } from 'hyperdht'
import type { Socket } from 'udx-native'
import { PROOF_NETWORK_RATE } from '../../src/directory/limits.ts'
import { createReturnProof } from '../../src/network/return-proof.ts'

/** A node at some address answers each ping, as HyperDHT does, whether or not it asked for anything. */
const start = (exempt: boolean) => {
  const proof = createReturnProof(() => exempt)
  let answers = 0
  /** Somebody writes that address on so many requests for a large value. @returns how many values are sent there */
  const forge = (host: string, count: number): number => {
    const to: Address = { host, port: 4001 }
    answers = 0
    for (let n = 0; n < count; n++) {
      const pings: Uint8Array[] = []
      const socket = { trySend: (ping: Uint8Array) => pings.push(ping) } as unknown as Socket
      proof.ask(to, socket, () => {
        answers += 1
      })
      for (const [, , one = 0, two = 0] of pings)
        assert.ok(proof.take(Uint8Array.of(0x13, 0, one, two, 0, 0, 0, 0, 0, 0), to))
    }
    return answers
  }
  return { forge, end: proof.destroy }
}

test('§10 a node whose address is on the requests of somebody else is sent few large values, and its network is', () => {
  const { forge, end } = start(false)
  const { burst } = PROOF_NETWORK_RATE
  // A moment brings one or two back.
  const sent = forge('192.0.2.1', 1_000)
  assert.ok(sent >= burst && sent <= 2 * burst, `${sent}`)
  assert.ok(forge('192.0.2.200', 1_000) < burst)
  assert.ok(forge('203.0.113.1', 5) === 5)
  end()
})

test('§10 nodes on this machine are sent as many as they like', () => {
  const { forge, end } = start(true)
  assert.equal(forge('127.0.0.1', 1_000), 1_000)
  end()
})
