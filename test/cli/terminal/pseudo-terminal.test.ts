import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { encodeAddress } from '../../../src/core/address.ts'
import { initialize } from '../../../src/identity/initialize.ts'
import { openNetworkChoice } from '../../../src/peer/folder-network.ts'
import { openVault } from '../../../src/store/vault.ts'
import { onTerminal } from './on-terminal.ts'

/** Questions on a terminal the system made: what it echoes, and in which state it is left. */

/** The end of every run: the exit code, and a terminal that echoes and edits lines again. */
const assertSane = (text: string, code: number): void => {
  assert.match(text, new RegExp(`\ncode ${code}\r`))
  for (const mode of ['echo', 'icanon', 'isig', 'icrnl']) assert.match(text, new RegExp(`[ ;\n]${mode}[ ;\r]`))
}

const start = async (t: TestContext): Promise<string> => {
  const dir = await mkdtemp(join(tmpdir(), 'handfast-cli-'))
  t.after(() => rm(dir, { recursive: true, force: true }))
  return dir
}

suite('pseudo-terminal', { concurrency: 2 }, () => {
  test('init: a passphrase is typed twice and never shown, then three words', async (t) => {
    const folder = join(await start(t), 'alice')
    const terminal = onTerminal(t, ['init', '--folder', folder])
    // Which network it is decides a person, who may mistype it.
    await terminal.until(/public[\s\S]*lan[\s\S]*host:port[\s\S]*network: /)
    terminal.type('nowhere\r')
    await terminal.until(/network: /)
    terminal.type('lan\r')
    for (const question of [/new passphrase[^:]*: [^:]*: $/, /once more: $/]) {
      await terminal.until(question)
      terminal.type('Xyzzy-plugh\r')
    }
    const [shown] = await terminal.until(/stored nowhere:[\s\S]*word \d+: /)
    const words = new Map(Array.from(shown.matchAll(/(\d+) ([a-z]+)/g), ([, place, word]) => [place, word]))
    let place = /word (\d+): $/.exec(shown)?.[1]
    for (let count = 0; count < 3; count++) {
      terminal.type(`${words.get(place)}\r`)
      if (count < 2) place = (await terminal.until(/word (\d+): /))[1]
    }
    const text = await terminal.end()
    assertSane(text, 0)
    assert.doesNotMatch(text, /xyzzy|plugh/i)
    const { identity } = await openVault(folder, 'Xyzzy-plugh')
    assert.equal(identity.log.epoch, 0)
    using chosen = await openNetworkChoice(folder)
    assert.equal(chosen.chosen(), 'lan')
  })

  test('backup and restore: a passphrase is typed twice, then once, and never shown', async (t) => {
    const dir = await start(t)
    const [folder, file, fresh] = [join(dir, 'alice'), join(dir, 'alice.backup'), join(dir, 'fresh')]
    const { address } = await initialize(folder)
    const making = onTerminal(t, ['backup', file, '--folder', folder])
    for (const [question, typed] of [
      [/passphrase for the backup: $/, 'Xyzzy-plugh'],
      [/once more: $/, 'Xyzzy-plugg'],
      [/differ[^:]*: [^:]*passphrase for the backup: $/, 'Xyzzy-plugh'],
      [/once more: $/, 'Xyzzy-plugh'],
    ] as const) {
      await making.until(question)
      making.type(`${typed}\r`)
    }
    const made = await making.end()
    assertSane(made, 0)
    const restoring = onTerminal(t, ['restore', file, '--folder', fresh])
    await restoring.until(/passphrase of the backup: $/)
    restoring.type('Xyzzy-plugh\r')
    await restoring.until(/new passphrase[^:]*: [^:]*: $/)
    restoring.type('\r')
    const restored = await restoring.end()
    assertSane(restored, 0)
    for (const text of [made, restored]) {
      assert.ok(text.includes(address))
      assert.doesNotMatch(text, /xyzzy|plug/i)
    }
    const { identity } = await openVault(fresh, null)
    assert.equal(encodeAddress(identity.log.id), address)
  })

  test('Ctrl-C at the question for a backup: no file, and the terminal as it was', async (t) => {
    const dir = await start(t)
    await initialize(join(dir, 'alice'))
    const terminal = onTerminal(t, ['backup', join(dir, 'alice.backup'), '--folder', join(dir, 'alice')])
    await terminal.until(/passphrase for the backup: $/)
    terminal.type('half\u0003')
    const text = await terminal.end()
    assertSane(text, 130)
    assert.doesNotMatch(text, /half/)
    assert.deepEqual(await readdir(dir), ['alice'])
  })

  test('Ctrl-C at a question ends the command, and leaves the terminal as it was', async (t) => {
    const dir = await start(t)
    const terminal = onTerminal(t, ['init', '--network', 'lan', '--folder', join(dir, 'alice')])
    await terminal.until(/new passphrase/)
    terminal.type('half\u0003')
    const text = await terminal.end()
    assertSane(text, 130)
    assert.doesNotMatch(text, /half/)
    assert.deepEqual(await readdir(dir), [])
  })
})
