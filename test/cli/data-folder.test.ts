import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultFolder } from '../../src/cli/data-folder.ts'

test('each platform has its own place for data', () => {
  const home = '/home/alice'
  assert.equal(defaultFolder({ platform: 'linux', home, env: {} }), '/home/alice/.local/share/handfast')
  assert.equal(defaultFolder({ platform: 'linux', home, env: { XDG_DATA_HOME: '/data' } }), '/data/handfast')
  for (const XDG_DATA_HOME of ['', 'relative', './here'])
    assert.equal(
      defaultFolder({ platform: 'linux', home, env: { XDG_DATA_HOME } }),
      '/home/alice/.local/share/handfast',
    )
  assert.equal(defaultFolder({ platform: 'darwin', home, env: {} }), '/home/alice/Library/Application Support/handfast')
  assert.match(defaultFolder({ platform: 'win32', home, env: { APPDATA: 'C:\\Data' } }), /^C:\\Data.handfast$/)
  assert.match(defaultFolder({ platform: 'win32', home, env: {} }), /AppData.Roaming.handfast$/)
})
