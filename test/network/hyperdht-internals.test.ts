import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { test } from 'node:test'

/** What src/network/hyperdht-internals.ts relies on, read in the sources of the versions it was written for. */

const load = createRequire(import.meta.url)
const rootOf = (name: string): string => dirname(load.resolve(`${name}/package.json`))
const sourceOf = (name: string, file: string): string => readFileSync(join(rootOf(name), file), 'utf8')
const versionOf = (name: string): string => JSON.parse(sourceOf(name, 'package.json')).version

/** Every different match, in order. */
const all = (text: string, pattern: RegExp): readonly string[] =>
  [...new Set([...text.matchAll(pattern)].map(([match]) => match))].sort()

test('the versions whose insides are used are the ones installed', () => {
  assert.deepEqual(['hyperdht', 'dht-rpc'].map(versionOf), ['6.34.0', '6.27.0'])
})

test('HyperDHT uses its caches in no other way than ours can be used', () => {
  const uses = /this\.(records|refreshes|bumps|mutables|immutables)(\.\w+|\s*=[^=]|\[)/g
  assert.deepEqual(all(sourceOf('hyperdht', 'lib/persistent.js'), uses), [
    'this.bumps = ',
    'this.bumps.get',
    'this.bumps.set',
    'this.immutables = ',
    'this.immutables.destroy',
    'this.immutables.get',
    'this.immutables.set',
    'this.mutables = ',
    'this.mutables.destroy',
    'this.mutables.get',
    'this.mutables.set',
    'this.records = ',
    'this.records.add',
    'this.records.destroy',
    'this.records.get',
    'this.records.remove',
    'this.refreshes = ',
    'this.refreshes.delete',
    'this.refreshes.destroy',
    'this.refreshes.get',
    'this.refreshes.set',
  ])
  assert.deepEqual(all(sourceOf('hyperdht', 'lib/router.js'), /this\.forwards(\.\w+|\s*=[^=]|\[)/g), [
    'this.forwards = ',
    'this.forwards.delete',
    'this.forwards.destroy',
    'this.forwards.get',
    'this.forwards.retain',
    'this.forwards.set',
  ])
  const made = all(sourceOf('hyperdht', 'index.js'), /this\._(persistent|router) = [^\n]+/g)
  assert.deepEqual(made, [
    'this._persistent = new Persistent(this, persistent)',
    'this._persistent = null',
    'this._router = new Router(this, router)',
  ])
})

test('dht-rpc reads requests, checks tokens and replies where it is held to its bounds', () => {
  const io = sourceOf('dht-rpc', 'lib/io.js')
  assert.deepEqual(all(io, /this\.onrequest\([^)]*\)/g), ['this.onrequest(req, external)'])
  assert.deepEqual(all(io, /this\._sendReply\([^\n]+\)/g), [
    'this._sendReply(0, value || null, opts.token !== false, opts.closerNodes !== false, to, socket)',
    'this._sendReply(code, null, opts.token === true, opts.closerNodes !== false, to, socket)',
    'this._sendReply(error, value, token, hasCloserNodes, this.from, this.socket, null)',
  ])
  const reply = io.slice(io.indexOf('  _sendReply('), io.indexOf('  _encodeRequest('))
  assert.deepEqual(all(reply, /this\._io\.\w+(\.\w+)?/g), [
    'this._io.ephemeral',
    'this._io.serverSocket',
    'this._io.table.closest',
    'this._io.table.id',
    'this._io.token',
  ])
  // Besides replies a request is sent on, once, to an address it names; the last are the node's own.
  assert.deepEqual(all(io, /\w+\.trySend\([^\n]+\)/g), [
    'socket.trySend(buffer, to.port, to.host, this.ttl)',
    'socket.trySend(state.buffer, from.port, from.host, this.ttl)',
    'socket.trySend(this._buffer, this.to.port, this.to.host, this.ttl)',
  ])
})

test('dht-rpc settles how a node stands by what is set of it before', () => {
  const dht = sourceOf('dht-rpc', 'index.js')
  const settling = dht.slice(
    dht.indexOf('  async _updateNetworkState('),
    dht.indexOf('  async *_resolveBootstrapNodes('),
  )
  for (const line of [
    'if (!this.ephemeral) return false',
    'const { host, port } = this._nat',
    'const natSampler = this.firewalled ? new NatSampler() : this._nat',
    'this.firewalled = this.io.firewalled = false',
    'const id = peer.id(natSampler.host, natSampler.port)',
    'this.ephemeral = this.io.ephemeral = false',
    'this.table = this.io.table = new Table(id)',
    "this.emit('persistent')",
  ])
    assert.ok(settling.includes(line), line)
  // Whether it is looked at again, and from which socket it is asked.
  assert.ok(dht.includes('if (this._lastHost === this._nat.host) {'))
  assert.ok(dht.includes('this._nonePersistentSamples.push(id)'))
  assert.ok(dht.includes('oldNode.pinged = oldNode.seen = this._tick'))
  assert.ok(dht.includes('if (sample && (oldNode.sampled === 0 ||'))
  assert.ok(sourceOf('dht-rpc', 'lib/io.js').includes('this.firewalled ? this.clientSocket : this.serverSocket'))
  assert.match(sourceOf('nat-sampler', 'index.js'), /class NatSampler \{\s+constructor \(\) \{/)
})

test('HyperDHT announces a server anew when it is told to, and answers whether it knows one', () => {
  const announcer = sourceOf('hyperdht', 'lib/announcer.js')
  assert.ok(announcer.includes('!this._refreshing && !this.suspended; i++'))
  assert.ok(announcer.includes('await this._sleeper.pause(3000)'))
  assert.ok(announcer.includes('relays.push({ relayAddress: msg.from, peerAddress: msg.to })'))
  assert.ok(sourceOf('hyperdht', 'lib/server.js').includes('this._announcer = new Announcer('))
  assert.ok(sourceOf('hyperdht', 'lib/server.js').includes('this._announcer.refresh()'))
  assert.ok(sourceOf('hyperdht', 'lib/persistent.js').includes('req.reply(fwd ? fwd.record : null)'))
  assert.ok(sourceOf('hyperdht', 'lib/constants.js').includes('FIND_PEER: 2'))
})
