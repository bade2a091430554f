import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { encodeAddress } from '../../../src/core/address.ts'
import { createIdentity, renewDevice } from '../../../src/core/identity.ts'
import { createVault, openVault, readVault } from '../../../src/store/vault.ts'
import { createDht } from '../dht.ts'
import { beginCli, type CliOptions, runCli } from '../in-process.ts'
import { Keyboard, Screen } from '../terminal/screen.ts'

/** rotate, recover, retire and log, as they are typed. */

const now = (): number => Math.floor(Date.now() / 1000)
const random = (size: number): Uint8Array => crypto.getRandomValues(new Uint8Array(size))

const start = async (t: TestContext) => {
  const dir = await mkdtemp(join(tmpdir(), 'handfast-cli-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  const folder = join(dir, 'alice')
  const { identity, phrase } = createIdentity(now(), random)
  await createVault(folder, identity, null)
  const dht = await createDht(t)
  const env = { HANDFAST_NETWORK: dht.get('node') ?? '' }
  const cli = (argv: readonly string[], options: CliOptions = {}) => runCli(argv, { env, ...options })
  /** Runs it with --json; its events by name, the last of each. */
  const events = async (argv: readonly string[], stdin = `${phrase}\n`) => {
    const { code, stdout, stderr } = await cli([...argv, '--json'], { stdin })
    assert.equal(code, 0, stderr)
    const all = stdout.trimEnd().split('\n')
    return new Map(all.map((line) => JSON.parse(line)).map((event) => [event.event, event]))
  }
  /** The code with which it fails; nothing may be on stdout. */
  const refusal = async (argv: readonly string[], stdin = `${phrase}\n`): Promise<unknown> => {
    const { code, stdout, stderr } = await cli([...argv, '--json'], { stdin })
    assert.equal(stdout, '')
    return [code, JSON.parse(stderr).error.code]
  }
  const kept = async (at = folder) => (await readVault(at)).log
  return { dir, folder, identity, phrase, address: encodeAddress(identity.log.id), env, cli, events, refusal, kept }
}

test('rotate: the phrase from a pipe, over several lines, or from a file; the address stays', async (t) => {
  const { dir, folder, phrase, address, events, kept, cli } = await start(t)
  const first = await events(['rotate', '--folder', folder])
  const { head } = first.get('saved')
  const common = { event: 'saved', address, epoch: 1, seq: 1, head, status: 'active', happened: 'rotated' }
  assert.deepEqual(first.get('saved'), { ...common, folder, rootKey: 'folder' })
  assert.deepEqual([first.get('published').head, first.get('published').accepted], [head, 1])
  assert.equal((await kept()).epoch, 1)

  await events(['rotate', '--folder', folder], phrase.replaceAll(' ', '\n').toUpperCase())
  const path = join(dir, 'words')
  await writeFile(path, `${phrase}\n`)
  const { code, stdout, stderr } = await cli(['rotate', '--folder', folder, '--phrase-file', path])
  assert.deepEqual([code, stderr], [0, ''])
  assert.ok(stdout.includes(address) && !stdout.includes(phrase))
  assert.equal((await kept()).epoch, 3)
})

test('what is refused leaves the folder as it was', async (t) => {
  const { dir, folder, identity, address, refusal, kept } = await start(t)
  const other = createIdentity(now(), random)
  const foreign = join(dir, 'other')
  await createVault(foreign, other.identity, null)
  const words = ['--phrase-file', join(dir, 'missing')]
  for (const command of [['rotate'], ['retire', '--yes'], ['recover', address]]) {
    const argv = [...command, '--folder', folder]
    assert.deepEqual(await refusal(argv, ''), [2, 'ERR_USAGE'])
    assert.deepEqual(await refusal(argv, 'not a phrase\n'), [1, 'ERR_PHRASE'])
    assert.deepEqual(await refusal(argv, other.phrase), [1, 'ERR_PHRASE_OTHER'])
    assert.deepEqual(await refusal([...argv, ...words]), [1, 'ERR_FILE_READ'])
  }
  assert.deepEqual(await refusal(['retire', '--folder', folder]), [2, 'ERR_USAGE'])
  assert.deepEqual(await refusal(['recover', address, '--folder', foreign]), [1, 'ERR_STORE_EXISTS'])
  assert.deepEqual(await refusal(['recover', address.slice(0, -1), '--folder', folder]), [1, 'ERR_ADDRESS_LENGTH'])
  assert.deepEqual(await refusal(['recover', address, '--folder', join(dir, 'new')]), [1, 'ERR_LOOKUP_NOT_FOUND'])
  assert.deepEqual((await readdir(dir)).toSorted(), ['alice', 'other'])
  assert.deepEqual((await kept()).last.hash, identity.log.last.hash)
  assert.deepEqual((await kept(foreign)).id, other.identity.log.id)
})

test('recover: the void machine is told, and comes back by the same command', async (t) => {
  const { dir, folder, address, events, refusal, kept } = await start(t)
  await events(['rotate', '--folder', folder])
  const fresh = join(dir, 'new')
  assert.equal((await events(['recover', address, '--folder', fresh])).get('saved').epoch, 2)
  const other = encodeAddress(createIdentity(now(), random).identity.log.id)
  for (const argv of [['rotate'], ['listen'], ['chat', other]])
    assert.deepEqual(await refusal([...argv, '--folder', folder]), [1, 'ERR_PEER_SUPERSEDED'])
  assert.equal((await events(['recover', address, '--folder', folder])).get('saved').epoch, 3)
  assert.equal((await events(['recover', address, '--folder', fresh])).get('saved').epoch, 4)
  assert.deepEqual([(await kept()).epoch, (await kept(fresh)).epoch], [3, 4])
})

test('retire is final, for the folder and for the address', async (t) => {
  const { dir, folder, address, events, refusal } = await start(t)
  const retired = await events(['retire', '--yes', '--folder', folder])
  assert.equal(retired.get('published').status, 'retired')
  assert.deepEqual(await refusal(['rotate', '--folder', folder]), [1, 'ERR_LOG_RETIRED'])
  const again = ['recover', address, '--folder', join(dir, 'new')]
  assert.deepEqual(await refusal(again), [1, 'ERR_LOG_RETIRED'])
  assert.equal((await events(['retire', '--yes', '--folder', folder])).get('published').status, 'retired')
  assert.equal((await events([...again, '--even-retired'])).get('saved').status, 'active')
})

test('log: one’s own without a network, anybody’s with one', async (t) => {
  const { folder, identity, address, events, cli } = await start(t)
  await (await openVault(folder, null)).save(await renewDevice(identity, now(), random))
  await events(['rotate', '--folder', folder])
  const own = await cli(['log', '--json', '--folder', folder], { env: {} })
  const found = await cli(['log', address, '--json', '--folder', join(folder, 'none')])
  assert.equal(found.stdout, own.stdout)
  const [log, ...entries] = own.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual(log, { event: 'log', address, entries: 3, epoch: 1, status: 'active', forked: false })
  assert.deepEqual(
    entries.map(({ seq, happened, devices }) => [seq, happened, devices]),
    [
      [0, 'created', 1],
      [1, 'updated', 1],
      [2, 'rotated', 1],
    ],
  )
  assert.equal(entries[0].root, entries[1].root)
  assert.notEqual(entries[1].root, entries[2].root)
  await events(['retire', '--yes', '--folder', folder])
  const people = await cli(['log', '--folder', folder], { env: {} })
  const rows = people.stdout.trimEnd().split('\n').slice(-4)
  assert.deepEqual(
    rows.map((row) => /^ {3}\d {2}\S+ \S+ UTC {2}(\w+) /.exec(row)?.[1]),
    ['created', 'updated', 'rotated', 'retired'],
  )
})

test('at a keyboard the phrase is not seen, and a retirement is confirmed by the end of the address', async (t) => {
  const { folder, phrase, address, env, kept } = await start(t)
  const attempt = async (confirmation: string) => {
    const [screen, stdin] = [new Screen(200), new Keyboard()]
    const streams = { stdin, stdout: screen, stderr: screen }
    const running = beginCli(['retire', '--folder', folder], { env, streams })
    let over = false
    const done = running.done.finally(() => {
      over = true
    })
    for (const [question, typed] of [
      [/last 6 characters/, confirmation],
      [/recovery phrase/, phrase],
    ] as const) {
      while (!over && !question.test(screen.text)) await turn()
      if (!over) stdin.write(`${typed}\r`)
    }
    return { code: (await done).code, text: screen.text }
  }
  const mistaken = await attempt('aaaaaa')
  assert.equal(mistaken.code, 2)
  assert.doesNotMatch(mistaken.text, /recovery phrase/)
  assert.equal((await kept()).epoch, 0)
  const meant = await attempt(address.slice(-6))
  assert.equal(meant.code, 0, meant.text)
  const words = phrase.split(' ')
  assert.ok(!words.some((word, index) => index > 0 && meant.text.includes(`${words[index - 1]} ${word}`)))
  assert.equal((await kept()).last.entry.status, 'retired')
})

test('Ctrl-C at the question ends the command, and nothing has happened', async (t) => {
  const { folder, env, kept } = await start(t)
  for (const key of ['\u0003', '\u0004']) {
    const [screen, stdin] = [new Screen(80), new Keyboard()]
    const running = beginCli(['rotate', '--folder', folder], {
      env,
      streams: { stdin, stdout: screen, stderr: screen },
    })
    let over = false
    const done = running.done.finally(() => {
      over = true
    })
    while (!over && !/recovery phrase/.test(screen.text)) await turn()
    stdin.write(key)
    assert.equal((await done).code, key === '\u0003' ? 130 : 2)
    assert.equal(stdin.isRaw, false)
  }
  assert.equal((await kept()).epoch, 0)
})

test('chat tells what became of an address even when nobody can be reached there', async (t) => {
  const { dir, folder, address, events, cli } = await start(t)
  const bob = join(dir, 'bob')
  assert.equal((await cli(['init', '--folder', bob])).code, 0)
  await events(['rotate', '--folder', folder])
  const chat = () => cli(['chat', address, '--json', '--folder', bob])
  assert.equal((await chat()).stdout, '')
  await events(['recover', address, '--folder', folder])
  const { code, stdout, stderr } = await chat()
  assert.deepEqual(JSON.parse(stdout), { event: 'changed', peer: address, change: 'superseded' })
  assert.deepEqual([code, JSON.parse(stderr).error.code], [1, 'ERR_PEER_NO_CARD'])
  assert.equal((await chat()).stdout, '')
})
