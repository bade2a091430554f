import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { initialize } from '../../src/identity/initialize.ts'
import { createTestNetwork } from '../../src/testing.ts'
import { startCli } from '../cli/child.ts'
import { makeTemporary } from '../connection/sides.ts'

/** The commands as people run them, on 50 nodes of HyperDHT that know nothing of Handfast. */

test('listen, lookup, chat and send find their way through nodes of strangers', { timeout: 90_000 }, async (t) => {
  const [network, dir] = await Promise.all([createTestNetwork({ nodes: 50, stock: true }), makeTemporary(t)])
  t.after(() => network.close())
  const [alices, bobs] = [join(dir, 'alice'), join(dir, 'bob')]
  const [{ address }] = await Promise.all([initialize(alices), initialize(bobs)])
  const env = { HANDFAST_NETWORK: network.network }

  const listen = startCli(t, ['listen', '--folder', alices], env)
  // Two values: the first entry of her log, and the card in its slot.
  await listen.line(/^published +accepted by \d+ of \d+, \d+ of \d+ nodes/)
  const lookup = startCli(t, ['lookup', address, '--evidence', '--json'], env)
  const { freshness, verdict } = await lookup.event('lookup')
  assert.deepEqual([freshness, (verdict as { readonly kind?: unknown }).kind], ['current', 'current'])
  assert.equal(await lookup.exit(), 0)

  const chat = startCli(t, ['chat', address], { ...env, HANDFAST_FOLDER: bobs })
  await chat.line(/^\* connected to hf1/)
  const [, number] = await listen.line(/^\* \[(\d+)\] somebody asks to be let in:$/)
  listen.type(`/accept ${number} Bob`)
  await listen.line(/^\* Bob is let in/)
  listen.type('/to Bob')
  chat.type('hello from Bob')
  await listen.line(/: hello from Bob$/)
  listen.type('hello from Alice')
  await chat.line(/: hello from Alice$/)
  assert.equal(await chat.exit('SIGINT'), 0)

  const send = startCli(t, ['send', address, '--folder', bobs], env)
  send.child.stdin?.end('sent by itself\n')
  await listen.line(/: sent by itself$/)
  assert.equal(await send.exit(), 0)
  assert.equal(await listen.exit('SIGINT'), 0)
  assert.equal(listen.stderr() + chat.stderr() + send.stderr(), '')
})
