import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { text as readAll } from 'node:stream/consumers'
import { suite, type TestContext, test } from 'node:test'
import { encodeAddress } from '../../src/core/address.ts'
import { createIdentity } from '../../src/core/identity.ts'
import { createVault, readVault } from '../../src/store/vault.ts'
import { cheapPassphrases } from '../cheap-passphrases.ts'
import { bareSurroundings, commandLine } from '../node-command.ts'
import { createDht } from './dht.ts'
import { runCli, Sink } from './in-process.ts'

/** What is printed may be the only copy of something: a command whose output fails says so, and `init` keeps nothing. */

const start = (t: TestContext): string => {
  const dir = mkdtempSync(join(tmpdir(), 'handfast-cli-'))
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

/** Runs `init` into `folder`, its output redirected as a shell does it; what is not goes to a pipe that nobody reads. */
const initTo = async (t: TestContext, folder: string, redirection: string) => {
  const command = [process.execPath, ...commandLine(['init', '--json', '--folder', folder])]
    .map((word) => `'${word}'`)
    .join(' ')
  const child = spawn('sh', ['-c', `${redirection}; exec ${command}`], {
    env: bareSurroundings(['init']),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.after(() => child.kill('SIGKILL'))
  child.stdout.destroy()
  const [stderr, [code]] = await Promise.all([readAll(child.stderr), once(child, 'close')])
  return { code, stderr }
}

const ROOM = 50 * 1024

suite('init keeps nothing when its output is', { concurrency: 2 }, () => {
  const outputs: Readonly<Record<string, string>> = {
    'a full disk': 'exec > /dev/full',
    'the null device': 'exec > /dev/null',
    'closed from the beginning': 'exec >&-',
    'a pipe that nobody reads any more': ':',
  }
  for (const [name, redirection] of Object.entries(outputs))
    test(name, async (t) => {
      const folder = join(start(t), 'alice')
      const { code, stderr } = await initTo(t, folder, redirection)
      assert.equal(code, 1, stderr)
      assert.equal(JSON.parse(stderr).error.code, 'ERR_OUTPUT')
      assert.ok(!existsSync(folder))
    })

  test('a file that has room for half of it', async (t) => {
    const dir = start(t)
    const [folder, file] = [join(dir, 'alice'), join(dir, 'shown')]
    writeFileSync(file, 'x'.repeat(ROOM - 100))
    // In blocks of 512 bytes: every other file is smaller.
    const { code, stderr } = await initTo(t, folder, `ulimit -f ${ROOM / 512}; exec >> '${file}'`)
    assert.equal(code, 1, stderr)
    assert.equal(JSON.parse(stderr).error.code, 'ERR_OUTPUT')
    assert.equal(statSync(file).size, ROOM)
    assert.ok(!existsSync(folder))
  })
})

test('init shows the phrase whole in a file before it keeps anything', async (t) => {
  const dir = start(t)
  const [folder, file] = [join(dir, 'alice'), join(dir, 'shown')]
  const { code, stderr } = await initTo(t, folder, `exec > '${file}'`)
  assert.deepEqual([code, stderr], [0, ''])
  const { address, recoveryPhrase } = JSON.parse(readFileSync(file, 'utf8'))
  const { log } = await readVault(folder)
  assert.equal(address, encodeAddress(log.id))
  assert.equal(recoveryPhrase.split(' ').length, 24)
})

/** An output with room for some bytes. */
class Full extends Writable {
  room: number
  constructor(room: number) {
    super()
    this.room = room
  }
  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    this.room -= chunk.length
    done(this.room < 0 ? Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' }) : undefined)
  }
}

const runFull = async (argv: readonly string[], stdin = '', env: Readonly<Record<string, string>> = {}, room = 0) => {
  const stderr = new Sink()
  const streams = { stdin: Readable.from([Buffer.from(stdin)]), stdout: new Full(room), stderr }
  const { code } = await runCli([...argv, '--json'], { streams, env })
  return {
    code,
    errors: stderr.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).error?.code),
  }
}

test('no command whose output fails ends as if all were well', async (t) => {
  cheapPassphrases(t)
  const dir = start(t)
  const folder = join(dir, 'alice')
  const { identity, phrase } = createIdentity(Math.floor(Date.now() / 1000), (size) =>
    crypto.getRandomValues(new Uint8Array(size)),
  )
  await createVault(folder, identity, null)
  const dht = await createDht(t)
  const address = dht.get('alice') ?? encodeAddress(identity.log.id)
  const backup = join(dir, 'alice.backup')
  const env = {
    HANDFAST_NETWORK: dht.get('node') ?? '',
    HANDFAST_BACKUP_PASSPHRASE: 'of the backup',
    HANDFAST_NEW_PASSPHRASE: 'of the folder',
    HANDFAST_PASSPHRASE: 'of the folder',
  }
  const commands: readonly (readonly [argv: readonly string[], stdin?: string])[] = [
    [['--help']],
    [['--version']],
    [['id']],
    [['log']],
    [['key', '--of', 'dh']],
    [['rotate'], phrase],
    [['renew']],
    [['lookup', address]],
    [['backup', backup]],
    [['restore', backup, '--folder', join(dir, 'restored')]],
    [['recover', address, '--folder', join(dir, 'recovered')], phrase],
    [['passphrase']],
    [['retire', '--yes', '--folder', join(dir, 'recovered')], phrase],
  ]
  for (const [argv, stdin] of commands) {
    const { code, errors } = await runFull(['--folder', folder, ...argv], stdin, env)
    assert.deepEqual([code, errors], [1, ['ERR_OUTPUT']], argv.join(' '))
  }
  // What was begun came to its end, and others know of it.
  const { stdout } = await runCli(['lookup', address, '--json'], { env })
  assert.partialDeepStrictEqual(JSON.parse(stdout), { status: 'retired', epoch: 3 })
})
