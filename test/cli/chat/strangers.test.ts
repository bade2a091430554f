import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { suite, test } from 'node:test'
import { endOf, said } from '../../messages/told.ts'
import { beginCli } from '../in-process.ts'
import { next, openBob, prepare, textOf } from './stage.ts'

/** Strangers who come to `listen` and `chat`: what they say, and what is said to others. */

suite('strangers', { concurrency: 2 }, () => {
  test('what is piped in goes to whom --to names, and to no stranger who is there', async (t) => {
    const { network, alice, addressOfAlice } = await prepare(t)
    const [bob, mallory] = await Promise.all([openBob(t, network), openBob(t, network, false)])
    const stdin = new PassThrough()
    const signals = new EventEmitter()
    const argv = ['listen', '--json', '--folder', alice, '--network', network, '--to', bob.address]
    const listen = beginCli(argv, { stdin, signals })
    await listen.event('listening')
    await mallory.connect(addressOfAlice)
    await mallory.messages.send(addressOfAlice, 'hello, it is Bob')
    assert.equal((await listen.event('request')).peer, mallory.address)
    stdin.end('for Bob\n')
    assert.equal(await textOf(bob), 'for Bob')
    assert.equal((await listen.event('connected')).peer, bob.address)
    signals.emit('SIGTERM')
    const { stdout } = await listen.done
    assert.doesNotMatch(stdout, /hello/)
    assert.deepEqual(mallory.messages.history(addressOfAlice).map(said), ['hello, it is Bob'])
    const unknown = beginCli([...argv.slice(0, -1), 'Bob'])
    const { code, stderr } = await unknown.done
    assert.deepEqual([code, JSON.parse(stderr).error.code], [1, 'ERR_CONTACT'])
  })

  test('a stranger who is refused is cut off, and its files with it', async (t) => {
    const { dir, network, alice, addressOfAlice } = await prepare(t)
    const mallory = await openBob(t, network, false)
    const stdin = new PassThrough()
    const signals = new EventEmitter()
    const argv = ['listen', '--json', '--folder', alice, '--network', network, '--accept-files']
    const listen = beginCli(argv, { stdin, signals })
    await listen.event('listening')
    const connection = await mallory.connect(addressOfAlice)
    const { id } = await listen.event('request')
    writeFileSync(join(dir, 'a.txt'), 'content')
    const file = await mallory.files.send(addressOfAlice, join(dir, 'a.txt'))
    await mallory.messages.send(addressOfAlice, 'look')
    while (mallory.messages.waiting(addressOfAlice) > 0) await next(mallory, 'delivery')
    stdin.write(`/requests\n/refuse ${id}\n/requests\n`)
    assert.partialDeepStrictEqual(await listen.event('waits'), { id, peer: mallory.address, messages: 1 })
    assert.deepEqual(await listen.event('refused'), { event: 'refused', peer: mallory.address, messages: 1 })
    assert.equal(await endOf(connection), 'left')
    await assert.rejects(mallory.files.finished(file.id), { code: 'ERR_FILE_REFUSED' })
    await mallory.connect(addressOfAlice)
    stdin.end('/requests\n')
    assert.equal((await listen.event('requests')).waiting, 0)
    signals.emit('SIGTERM')
    assert.doesNotMatch((await listen.done).stdout, /look|a\.txt/)
  })

  test('chat talks to one: who else comes is not told, and gets nothing', async (t) => {
    const { network, alice, addressOfAlice } = await prepare(t)
    const bob = await openBob(t, network)
    const came = next(bob, 'connected')
    const stdin = new PassThrough()
    const argv = ['chat', bob.address, '--json', '--folder', alice, '--network', network]
    const chat = beginCli(argv, { stdin })
    await came
    // It takes no connections of others.
    const mallory = await openBob(t, network, false)
    await assert.rejects(mallory.connect(addressOfAlice), { code: 'ERR_CONNECT' })
    stdin.write('/to Mallory\nfor Bob\n')
    assert.partialDeepStrictEqual(await chat.event('not-sent'), { text: '/to Mallory', code: 'ERR_USAGE' })
    assert.equal(await textOf(bob), 'for Bob')
    stdin.end()
    const { stdout } = await chat.done
    assert.doesNotMatch(stdout, new RegExp(`request|${mallory.address}`))
  })
})
