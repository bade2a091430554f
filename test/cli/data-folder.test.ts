import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { defaultFolder } from '../../src/cli/data-folder.ts'
import { startCli } from './child.ts'
import { runCli } from './in-process.ts'

const folderOf = (...given: Parameters<typeof defaultFolder>): string => defaultFolder(...given).folder

test('each platform has its own place for data', () => {
  const home = '/home/alice'
  assert.equal(folderOf({ platform: 'linux', home, env: {} }), '/home/alice/.local/share/handfast')
  assert.equal(folderOf({ platform: 'linux', home, env: { XDG_DATA_HOME: '/data' } }), '/data/handfast')
  for (const XDG_DATA_HOME of ['', 'relative', './here'])
    assert.equal(folderOf({ platform: 'linux', home, env: { XDG_DATA_HOME } }), '/home/alice/.local/share/handfast')
  assert.equal(folderOf({ platform: 'darwin', home, env: {} }), '/home/alice/Library/Application Support/handfast')
  const onWindows = 'C:\\Users\\Alice'
  assert.equal(folderOf({ platform: 'win32', home: onWindows, env: { APPDATA: 'C:\\Data' } }), 'C:\\Data\\handfast')
  for (const APPDATA of ['', 'Data'])
    assert.equal(
      folderOf({ platform: 'win32', home: onWindows, env: { APPDATA } }),
      'C:\\Users\\Alice\\AppData\\Roaming\\handfast',
    )
})

test('it never depends on where one stands: without a home there is none, and HANDFAST_FOLDER is absolute', () => {
  for (const platform of ['linux', 'darwin', 'win32'] as const)
    for (const home of ['', 'home', '.']) {
      const { folder, problem } = defaultFolder({ platform, home, env: { HANDFAST_FOLDER: '' } })
      assert.equal(folder, '')
      assert.notEqual(problem, '')
    }
  for (const HANDFAST_FOLDER of ['alice', './alice', '../alice', '.'])
    assert.equal(folderOf({ platform: 'linux', home: '/home/alice', env: { HANDFAST_FOLDER } }), '')
  assert.equal(folderOf({ platform: 'linux', home: '', env: { HANDFAST_FOLDER: '/data/alice' } }), '/data/alice')
})

test('without a folder nothing is made; --folder wins over a variable that is wrong', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'handfast-cli-'))
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  const env = { HANDFAST_FOLDER: 'alice' }
  const { code, stderr } = await runCli(['id', '--json'], { env })
  assert.deepEqual([code, JSON.parse(stderr).error.code], [2, 'ERR_USAGE'])
  assert.equal((await runCli(['init', '--folder', join(dir, 'alice')], { env })).code, 0)
  assert.deepEqual(readdirSync(dir), ['alice'])
})

test('a HOME that is empty or relative is not taken: the system knows a better one', async (t) => {
  const own = join(userInfo().homedir, '.local', 'share', 'handfast')
  for (const HOME of ['', 'home']) {
    const help = startCli(t, ['--help'], { HOME })
    await help.line(new RegExp(`${own}\\)$`))
    assert.equal(await help.exit(), 0)
  }
})
