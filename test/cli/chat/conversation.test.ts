import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { suite, type TestContext, test } from 'node:test'
import { createIdentity } from '../../../src/core/identity.ts'
import { seconds } from '../../../src/core/world.ts'
import { createOwnDirectory } from '../../../src/directory/client/own-directory.ts'
import { createStorage } from '../../../src/directory/node/storage.ts'
import { systemWorld } from '../../../src/identity/system-world.ts'
import { joinDirectory } from '../../../src/network/directory-plugin.ts'
import { createNode } from '../../../src/network/node.ts'
import { parseNodes } from '../../../src/network/node-list.ts'
import { createTransport } from '../../../src/network/transport.ts'
import { createPeer } from '../../../src/peer/create-peer.ts'
import { openStore } from '../../../src/store/store.ts'
import { endOf } from '../../messages/told.ts'
import { beginCli } from '../in-process.ts'
import { next, openBob, prepare, textOf } from './stage.ts'

/** `listen` and `chat` against peers that do what no command would. */

/** Bob listens, and Alice chats to him. */
const chatWithBob = async (t: TestContext, argv: readonly string[] = []) => {
  const stage = await prepare(t)
  const bob = await openBob(t, stage.network)
  const [came, left] = [next(bob, 'connected'), next(bob, 'disconnected')]
  const stdin = new PassThrough()
  const args = ['chat', bob.address, '--json', '--folder', stage.alice, '--network', stage.network, ...argv]
  const chat = beginCli(args, { stdin })
  assert.equal((await came).remote.address, stage.addressOfAlice)
  return { ...stage, bob, stdin, chat, left: left.then(({ reason }) => reason) }
}

suite('what is typed into a conversation, and what comes', { concurrency: 2 }, () => {
  test('a line that cannot be sent is reported, the others go, and the code says so', async (t) => {
    const { bob, stdin, chat, left } = await chatWithBob(t)
    stdin.end(`one\n${'x'.repeat(32 * 1024 + 1)}\n/qiut\n/file /nonexistent\ntwo\n`)
    assert.deepEqual([await textOf(bob), await textOf(bob)], ['one', 'two'])
    assert.equal(await left, 'left')
    const { code } = await chat.done
    assert.equal(code, 1)
    assert.equal((await chat.event('not-sent')).code, 'ERR_MESSAGE_SIZE')
    assert.partialDeepStrictEqual(await chat.event('not-sent'), { code: 'ERR_USAGE', text: '/qiut' })
    assert.partialDeepStrictEqual(await chat.event('file-failed'), { code: 'ERR_FILE_READ', direction: 'out' })
  })

  test('/quit says goodbye at once, whatever follows', async (t) => {
    const { bob, stdin, chat, left } = await chatWithBob(t)
    stdin.write('one\n/quit\ntwo\n')
    assert.equal(await textOf(bob), 'one')
    assert.equal(await left, 'left')
    assert.equal((await chat.done).code, 0)
  })

  test('a file the other side refuses is a failure of what was piped in', async (t) => {
    const { dir, stdin, chat, bob } = await chatWithBob(t)
    writeFileSync(join(dir, 'a.txt'), 'content')
    stdin.end(`/file ${join(dir, 'a.txt')}\n`)
    await (await bob.files.receive())?.refuse()
    assert.equal((await chat.event('file-failed')).code, 'ERR_FILE_REFUSED')
    assert.equal((await chat.done).code, 1)
  })

  test('/cancel takes a file back, on both sides, and is no failure; there is nothing to cancel after that', async (t) => {
    const { dir, stdin, chat, bob } = await chatWithBob(t)
    writeFileSync(join(dir, 'a.txt'), 'content')
    stdin.write(`/file ${join(dir, 'a.txt')}\n`)
    const offer = await bob.files.receive()
    stdin.write('/files\n')
    const { id, state } = await chat.event('file')
    assert.equal(state, 'offered')
    stdin.write(`/cancel ${id}\n`)
    assert.partialDeepStrictEqual(await chat.event('file-cancelled'), { id, direction: 'out', name: 'a.txt' })
    await bob.messages.receive({ signal: AbortSignal.timeout(1) }).catch(() => {})
    stdin.write('over\n')
    assert.equal(await textOf(bob), 'over')
    await assert.rejects(offer?.accept(dir) ?? Promise.reject(new Error('no offer')), { code: 'ERR_FILE_WITHDRAWN' })
    stdin.end('/cancel\n')
    assert.equal((await chat.event('not-sent')).code, 'ERR_FILE_UNKNOWN')
    assert.equal((await chat.done).code, 1)
    assert.doesNotMatch(chat.stdout.text, /file-failed/)
  })

  test('data and files of programs are shown for what they are', async (t) => {
    const { stdin, chat, bob, addressOfAlice, dir } = await chatWithBob(t, ['--stay'])
    stdin.end()
    await bob.messages.send(addressOfAlice, Uint8Array.of(1, 2, 255))
    assert.partialDeepStrictEqual(await chat.event('data'), { size: 3, base64: 'AQL/' })
    writeFileSync(join(dir, 'a.txt'), 'content')
    const name = '../\u001b[2Jetc\u202e.txt'
    const { id } = await bob.files.send(addressOfAlice, join(dir, 'a.txt'), { name })
    await assert.rejects(bob.files.finished(id), { code: 'ERR_FILE_REFUSED' })
    assert.partialDeepStrictEqual(await chat.event('file-offered'), { name: '[2Jetc.txt', accepted: false })
    await bob.close()
    assert.equal((await chat.done).code, 0)
    assert.match(chat.stdout.text, /"reason":"left"/)
  })
})

suite('connections of a conversation', { concurrency: 2 }, () => {
  test('a connection that breaks is a failure', async (t) => {
    const { dir, network, alice } = await prepare(t)
    const node = await createNode({ bootstrap: parseNodes(network) })
    t.after(() => node.close())
    const { identity } = createIdentity(seconds(systemWorld), systemWorld.random)
    const transport = createTransport(node, identity.transportSeed.export())
    const directory = createOwnDirectory(joinDirectory(node.dht, createStorage()))
    const parts = { identity, directory, transport, network: node, store: openStore(null), world: systemWorld }
    const bob = createPeer({ ...parts, release: node.close })
    t.after(() => bob.close())
    await bob.listen()
    const stdin = new PassThrough()
    const download = join(dir, 'received')
    const argv = ['chat', bob.address, '--folder', alice, '--network', network, '--accept-files']
    const chat = beginCli([...argv, '--download', download, '--json'], { stdin })
    await chat.event('connected')
    await transport.close()
    assert.partialDeepStrictEqual(await chat.event('disconnected'), { reason: 'lost', code: 'ERR_CONNECTION_LOST' })
    const { code, stderr } = await chat.done
    assert.equal(code, 1)
    assert.equal(JSON.parse(stderr).error.code, 'ERR_CONNECTION_LOST')
  })

  test('listen talks to several, whom it lets in and names; who comes or speaks changes nothing', async (t) => {
    const { network, alice, addressOfAlice } = await prepare(t)
    const stdin = new PassThrough()
    const signals = new EventEmitter()
    const argv = ['listen', '--json', '--folder', alice, '--network', network]
    const listen = beginCli(argv, { stdin, signals })
    await listen.event('listening')

    const [bob, carol] = await Promise.all([openBob(t, network, false), openBob(t, network, false)])
    const fromBob = await bob.connect(addressOfAlice)
    await bob.messages.send(addressOfAlice, 'Bob speaks')
    const { id, safetyNumber } = await listen.event('request')
    assert.equal(safetyNumber, fromBob.remote.safetyNumber)
    // Nobody was named: not even the only one who is there gets it.
    stdin.write('for whom?\n')
    assert.partialDeepStrictEqual(await listen.event('not-sent'), { text: 'for whom?', code: 'ERR_USAGE' })
    stdin.write(`/accept ${id} Bob\n/to Bob\n`)
    assert.deepEqual(await listen.event('let-in'), { event: 'let-in', peer: bob.address, name: 'Bob' })
    assert.equal((await listen.event('message')).text, 'Bob speaks')
    const fromCarol = await carol.connect(addressOfAlice)
    await listen.event('request')
    stdin.write(`/accept ${carol.address}\n`)
    await listen.event('let-in')
    await carol.messages.send(addressOfAlice, 'Carol speaks\nhf1alice…: a second line')
    assert.equal((await listen.event('message')).peer, carol.address)
    stdin.write('to Bob\n')
    assert.equal(await textOf(bob), 'to Bob')
    stdin.write(`/to ${carol.address}\nto Carol\n/to Bob\n`)
    assert.equal(await textOf(carol), 'to Carol')

    // Who leaves is still who is meant: it is delivered when he is back.
    await fromBob.close()
    await listen.event('disconnected')
    const again = await bob.connect(addressOfAlice)
    await listen.event('connected')
    // Its own input has an end; the conversations have not.
    stdin.end('last\n')
    assert.equal(await textOf(bob), 'last')
    await bob.messages.send(addressOfAlice, 'still here')
    await listen.event('message')

    signals.emit('SIGTERM')
    assert.deepEqual([await endOf(again), await endOf(fromCarol)], ['left', 'left'])
    const { code, stdout, stderr } = await listen.done
    assert.equal(code, 0)
    assert.equal(stderr, '')
    assert.doesNotMatch(stdout, /"connected","peer":"[^"]*","direction":"in","trust":{"identity":"unknown"/)
    assert.equal(stdout.match(/"event":"request"/g)?.length, 2)
    assert.ok(stdout.endsWith('}\n'))
    for (const line of stdout.trimEnd().split('\n')) assert.equal(typeof JSON.parse(line).event, 'string')
  })
})
