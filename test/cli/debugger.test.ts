import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { exposedBy } from '../../src/cli/terminal/exposed-process.ts'
import { encodeAddress } from '../../src/core/address.ts'
import { makeBytes } from '../core/identities.ts'
import { runCli } from './in-process.ts'

/** SIGUSR1 opens Node's debugger to every user of the machine: not that of a command, at whatever moment the signal comes. */

const ROOT = join(import.meta.dirname, '../..')

const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
/** What follows `node` on the command line. */
const WAYS: Readonly<Record<string, readonly string[]>> = {
  'by its entry': ['entry/command.cjs'],
  'from its source': ['src/cli/main.ts'],
  'by npm run': scripts.handfast.split(' ').slice(1),
}

/** Wherever a debugger would listen, that is no fixed port. */
const ANY_PORT = '--inspect-port=127.0.0.1:0'
/** Before the first line of a program, in each life of a process. */
const SIGNAL_FIRST = `--import=data:text/javascript,process.kill(process.pid,'SIGUSR1')`

type Started = { readonly child: ChildProcess; stderr(): string }

const start = (t: TestContext, args: readonly string[], options: string): Started => {
  const { PATH = '', NODE_COMPILE_CACHE = '' } = process.env
  const env = { PATH, NODE_COMPILE_CACHE, NODE_OPTIONS: options }
  const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: 'pipe' })
  t.after(() => child.kill('SIGKILL'))
  let text = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  return { child, stderr: () => text }
}

/** TCP ports a process listens on: the kernel's word for it. */
const listening = (pid = 0): readonly number[] => {
  const own = readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1]
    } catch {
      return undefined
    }
  })
  const [, ...lines] = readFileSync(`/proc/${pid}/net/tcp`, 'utf8').trim().split('\n')
  return lines
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state, , , , , , inode]) => state === '0A' && own.includes(inode))
    .map(([, local = '']) => Number.parseInt(local.split(':')[1] ?? '', 16))
}

/** A node that never answers. @returns its address, and a promise for the first thing it is asked */
const makeSilent = async (t: TestContext) => {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  t.after(() => socket.close())
  await once(socket, 'listening')
  return { address: `127.0.0.1:${socket.address().port}`, asked: once(socket, 'message') }
}

suite('a signal', { concurrency: 2, skip: process.platform !== 'linux' && 'it reads /proc' }, () => {
  test('opens the debugger of any other program, early and late', async (t) => {
    for (const early of [true, false]) {
      const { child } = start(
        t,
        ['-e', 'setInterval(() => {}, 1e6); console.log(0)'],
        early ? `${ANY_PORT} ${SIGNAL_FIRST}` : ANY_PORT,
      )
      if (!early) {
        assert.ok(child.stdout)
        await once(child.stdout, 'data')
        child.kill('SIGUSR1')
      }
      assert.ok(child.stderr)
      await once(child.stderr, 'data')
      const [port] = listening(child.pid)
      const targets = await (await fetch(`http://127.0.0.1:${port}/json`)).json()
      assert.match(JSON.stringify(targets), /webSocketDebuggerUrl/)
    }
  })

  for (const [way, args] of Object.entries(WAYS))
    test(`opens none of a command that is started ${way}`, async (t) => {
      const { address, asked } = await makeSilent(t)
      const words = ['lookup', encodeAddress(makeBytes('Bob', 32)), '--network', address, '--folder', '/nonexistent']
      const { child, stderr } = start(t, [...args, ...words], `${ANY_PORT} ${SIGNAL_FIRST}`)
      // The first life of the process may have opened one: it is gone with it.
      await asked
      assert.deepEqual(listening(child.pid), [])
      child.kill('SIGUSR1')
      child.kill('SIGINT')
      const [code] = await once(child, 'close')
      assert.equal(code, 130)
      assert.ok(stderr().split('Debugger listening').length <= (args.includes('--disable-sigusr1') ? 1 : 2), stderr())
    })

  test('opens none of a node that runs', async (t) => {
    const { child, stderr } = start(t, ['entry/command.cjs', 'node', '--json', '--http', '127.0.0.1:0'], ANY_PORT)
    let out = ''
    for await (const chunk of child.stdout ?? []) {
      out += chunk
      if (out.includes('"watching"')) break
    }
    const [, http = ''] = /"http":"([^"]+)"/.exec(out) ?? []
    child.kill('SIGUSR1')
    // Answered after the signal.
    assert.equal((await fetch(`http://${http}/healthz`)).status, 200)
    assert.deepEqual(listening(child.pid), [Number(http.split(':')[1])])
    child.kill('SIGTERM')
    assert.deepEqual([(await once(child, 'close'))[0], stderr()], [0, ''])
  })
})

suite('a process that shows its memory', { concurrency: 2 }, () => {
  for (const [name, options] of [
    ['a debugger', '--inspect=127.0.0.1:0'],
    ['heap snapshots on a signal', '--heapsnapshot-signal=SIGUSR2'],
    ['heap snapshots of a full heap', '--heapsnapshot_near_heap_limit=1'],
  ] as const)
    test(`${name}: no command runs, in NODE_OPTIONS or as a flag`, async (t) => {
      for (const [args, env] of [
        [[], options],
        [[options], ''],
      ] as const) {
        const { child, stderr } = start(t, ['--disable-sigusr1', ...args, 'src/cli/main.ts', 'id'], env)
        assert.equal((await once(child, 'close'))[0], 2)
        assert.match(stderr(), /\[ERR_EXPOSED\]/)
      }
    })

  test('nothing secret is read by a command then, and help is given all the same', async () => {
    const exposed = { exposedBy: () => 'a debugger' }
    const refused = await runCli(['init', '--folder', '/nonexistent/handfast'], exposed)
    assert.deepEqual([refused.code, /\[(ERR_\w+)\]/.exec(refused.stderr)?.[1]], [2, 'ERR_EXPOSED'])
    assert.equal((await runCli(['--help'], exposed)).code, 0)
  })

  test('a diagnostic report has no environment in it', async (t) => {
    const tell = "import('./src/cli/main.ts').then(() => console.log(JSON.stringify(process.report.getReport())))"
    const { child } = start(t, ['--disable-sigusr1', '-e', tell, 'handfast', '--version'], '')
    let out = ''
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      out += chunk
    })
    await once(child, 'close')
    const report = JSON.parse(out.slice(out.indexOf('{')))
    assert.ok('javascriptHeap' in report)
    assert.ok(!('environmentVariables' in report))
  })

  test('nothing shows that of these tests', () => {
    assert.equal(exposedBy(), null)
  })
})
