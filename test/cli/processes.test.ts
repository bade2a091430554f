import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { initialize } from '../../src/identity/initialize.ts'
import { startCli } from './child.ts'
import { createDht } from './dht.ts'
import { runCli } from './in-process.ts'

/** The commands as people run them: real processes, signals and pipes. */

type Stage = { readonly dir: string; readonly alice: string; readonly bob: string; readonly addressOfAlice: string }

/** A folder with the identities of Alice and Bob. */
const prepare = async (t: TestContext): Promise<Stage> => {
  const dir = mkdtempSync(join(tmpdir(), 'handfast-cli-'))
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  const [alice, bob] = [join(dir, 'alice'), join(dir, 'bob')]
  const [{ address }] = await Promise.all([initialize(alice), initialize(bob)])
  return { dir, alice, bob, addressOfAlice: address }
}

suite('conversations', { concurrency: 2 }, () => {
  test('node, listen and chat: a conversation both ways, twice, and Ctrl-C ends each with 0', async (t) => {
    const { alice, bob, addressOfAlice } = await prepare(t)
    const node = startCli(t, ['node', '--port', '0'])
    const [, network = ''] = await node.line(/^node +(127\.0\.0\.1:\d+)/)
    const env = { HANDFAST_NETWORK: network }

    let addressOfBob = ''
    for (const round of ['first', 'second']) {
      const listen = startCli(t, ['listen', '--folder', alice], env)
      assert.equal((await listen.line(/^address +(hf1\w+)$/))[1], addressOfAlice)
      await listen.line(/^published +accepted by 1 of 1, 1 of 1, 1 of 1 nodes$/)
      const chat = startCli(t, ['chat', addressOfAlice], { ...env, HANDFAST_FOLDER: bob })
      await chat.line(new RegExp(`^\\* connected to ${addressOfAlice}$`))
      await chat.line(/^\* safety number/)
      const [safetyNumber] = await chat.line(/^ +(\d{5} ?){12}$/)
      // Who is let in once is known from then on.
      if (round === 'first') {
        const [, number] = await listen.line(/^\* \[(\d+)\] somebody asks to be let in:$/)
        const [, bobs] = await listen.line(/^ {2}(hf1\w+)$/)
        await listen.line(new RegExp(`^${safetyNumber}$`))
        listen.type(`/accept ${number} Bob`)
        await listen.line(/^\* Bob is let in, as a contact: \/to Bob$/)
        addressOfBob = `${bobs}`
      } else {
        await listen.line(new RegExp(`^\\* connection from ${addressOfBob}$`))
        await listen.line(new RegExp(`^${safetyNumber}$`))
      }
      listen.type('/to Bob')

      chat.type(`${round} from Bob \u001b[2J`)
      await listen.line(new RegExp(`^hf1\\w{9}….{4}: ${round} from Bob \\\\u\\{1b\\}\\[2J$`))
      listen.type(`${round} from Alice`)
      await chat.line(new RegExp(`: ${round} from Alice$`))

      if (round === 'first') {
        assert.equal(await chat.exit('SIGINT'), 0)
        await listen.line(/has left$/)
        assert.equal(await listen.exit('SIGINT'), 0)
      } else {
        assert.equal(await listen.exit('SIGTERM'), 0)
        await chat.line(/has left$/)
        assert.equal(await chat.exit(), 0)
      }
      assert.equal(listen.stderr() + chat.stderr(), '')
    }
    assert.equal(await node.exit('SIGINT'), 0)
  })
})

suite('for programs', { concurrency: 2 }, () => {
  test('--json: one object a line for all of it, and files arrive or are refused', async (t) => {
    const { dir, alice, bob, addressOfAlice } = await prepare(t)
    const node = startCli(t, ['--json', 'node'])
    const { network, first } = await node.event('node')
    assert.equal(first, true)
    const env = { HANDFAST_NETWORK: String(network) }
    const file = join(dir, 'report.bin')
    const content = randomBytes(200_000)
    writeFileSync(file, content)
    const download = join(dir, 'received')
    const listen = startCli(t, ['listen', '--json', '--folder', alice, '--accept-files', '--download', download], env)
    const listening = await listen.event('listening')
    assert.partialDeepStrictEqual(listening, { address: addressOfAlice, accepted: 1, weak: false, refusals: {} })

    // What is piped in is sent, files and all, and then it says goodbye.
    const chat = startCli(t, ['chat', addressOfAlice, '--folder', bob, '--json'], env)
    chat.child.stdin?.end(`one\n/file ${file}\n//two\n`)
    assert.partialDeepStrictEqual(await chat.event('connected'), { direction: 'out', trust: { identity: 'pinned' } })
    const asking = await listen.event('request')
    assert.partialDeepStrictEqual(asking, { trust: { identity: 'unknown', freshness: 'current' }, waiting: 1 })
    listen.type(`/accept ${asking.peer} Bob\n/to Bob`)
    assert.equal((await listen.event('message')).text, 'one')
    assert.partialDeepStrictEqual(await chat.event('file-sent'), { name: 'report.bin', size: content.length })
    assert.equal(await chat.exit(), 0)
    const path = join(download, 'report.bin')
    assert.equal((await listen.event('file-saved')).path, path)
    assert.deepEqual(readFileSync(path), content)
    assert.partialDeepStrictEqual(await listen.event('disconnected'), { reason: 'left', code: null })

    // The listener's own lines, and a chat that stays until it is left.
    const stay = startCli(t, ['chat', addressOfAlice, '--folder', bob, '--json', '--stay'], env)
    stay.child.stdin?.end('here\n')
    await listen.event('message')
    listen.type('to Bob')
    assert.equal((await stay.event('message')).text, 'to Bob')
    listen.type(`/file ${file}`)
    assert.partialDeepStrictEqual(await stay.event('file-offered'), { name: 'report.bin', accepted: false })
    assert.partialDeepStrictEqual(await listen.event('file-failed'), { code: 'ERR_FILE_REFUSED', direction: 'out' })
    assert.equal(await listen.exit('SIGINT'), 0)
    assert.equal((await stay.event('disconnected')).reason, 'left')
    assert.equal(await stay.exit(), 0)

    const lookup = startCli(t, ['lookup', addressOfAlice, '--json', '--folder', join(dir, 'nobody')], env)
    const found = await lookup.event('lookup')
    assert.partialDeepStrictEqual(found, { address: addressOfAlice, epoch: 0, seq: 0, status: 'active', forked: false })
    assert.partialDeepStrictEqual(found, { freshness: 'current', staleFor: null, evidence: { agreeing: 1 } })
    assert.equal(await lookup.exit(), 0)
    assert.equal(await node.exit('SIGTERM'), 0)
    assert.equal([node, listen, chat, stay, lookup].map((cli) => cli.stderr()).join(''), '')
  })
})

suite('ends', { concurrency: 2 }, () => {
  test('Ctrl-C on the way: 130 for a lookup, 0 for a chat', async (t) => {
    const { alice, addressOfAlice } = await prepare(t)
    for (const [command, code] of [
      ['lookup', 130],
      ['chat', 0],
    ] as const) {
      // A node that listens and says nothing.
      const silent = createSocket('udp4').bind(0, '127.0.0.1')
      t.after(() => silent.close())
      await once(silent, 'listening')
      const network = `127.0.0.1:${silent.address().port}`
      const cli = startCli(t, [command, addressOfAlice, '--network', network, '--folder', alice])
      await once(silent, 'message')
      assert.equal(await cli.exit('SIGINT'), code)
      assert.equal(cli.stderr(), '')
    }
  })

  test('an output nobody reads ends a command, which says so', async (t) => {
    const { alice, bob, addressOfAlice } = await prepare(t)
    const env = { HANDFAST_NETWORK: (await createDht(t)).get('node') ?? '' }
    const listen = startCli(t, ['listen', '--folder', alice], env)
    await listen.line(/^published/)
    listen.child.stdout?.destroy()
    const chat = startCli(t, ['chat', addressOfAlice, '--folder', bob], env)
    chat.type('hello')
    await chat.line(/has left$/)
    // Its first line could not be printed, so it left before it had taken anything in: what was typed is kept.
    await chat.line(/1 message waits here/)
    assert.deepEqual([await listen.exit(), await chat.exit()], [1, 1])
    assert.match(listen.stderr(), /\[ERR_OUTPUT\]\nhint: /)
  })

  test('stacks are for those who ask, and never tell what a file holds', async (t) => {
    const { dir } = await prepare(t)
    const secret = 'c2VjcmV0c2VjcmV0'
    writeFileSync(join(dir, 'identity.json'), `{"version":2,"root":"${secret}",}`, { mode: 0o600 })
    for (const [debug, stack] of [
      ['', false],
      ['1', true],
    ] as const) {
      const { code, stderr } = await runCli(['id', '--folder', dir], { env: { HANDFAST_DEBUG: debug } })
      assert.equal(code, 1)
      assert.match(stderr, /\[ERR_STORE_CORRUPT\]/)
      assert.equal(/ at .*vault/.test(stderr), stack)
      assert.ok(!stderr.includes(secret))
    }
  })
})
