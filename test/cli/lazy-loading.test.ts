import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** Where commands are, and that whoever only asks for help waits for none of what they need. */

const ROOT = join(import.meta.dirname, '../..')

/** Says on stderr, at the end, what was loaded: one URL a line. */
const SPY = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module'
  const loaded = new Set()
  registerHooks({
    load: (url, context, next) => {
      loaded.add(url)
      return next(url, context)
    },
  })
  process.on('exit', () => process.stderr.write([...loaded].join('\\n')))
`)}`

/** The files of this repository, packages and built-in modules that a command line loads. */
const loadedBy = async (argv: readonly string[]): Promise<readonly string[]> => {
  const main = join(ROOT, 'src/cli/main.ts')
  const { stderr } = await promisify(execFile)(process.execPath, ['--import', SPY, main, ...argv])
  return stderr.split('\n').map((url) => (url.startsWith('file:') ? relative(ROOT, fileURLToPath(url)) : url))
}

const packageOf = (path: string): string =>
  /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path.replaceAll('\\', '/'))?.[1] ?? ''

/** What reads a command line and words its help; none of it opens anything. The last are of cli-progress. */
const PACKAGES = [
  ...['', '@noble/hashes', '@scure/base', 'cborg', 'commander', 'cli-progress'],
  ...['string-width', 'strip-ansi', 'ansi-regex', 'is-fullwidth-code-point', 'emoji-regex'],
]

for (const argv of [['--help'], ['help', 'chat'], ['node', '--help']])
  test(`handfast ${argv.join(' ')} loads no network, no database and nothing of a peer`, async () => {
    const loaded = await loadedBy(argv)
    assert.ok(loaded.some((path) => path.endsWith('commander/lib/command.js')))
    const beyond = loaded.filter((path) => {
      if (path.startsWith('src'))
        return !/^src.(cli|core).|^src.directory.client.policies\.ts$|^src.directory.limits\.ts$/.test(path)
      return path.startsWith('node:') ? path === 'node:sqlite' : !PACKAGES.includes(packageOf(path))
    })
    assert.deepEqual(beyond, [])
  })

test('what a command needs is loaded once it runs', async () => {
  const loaded = await loadedBy(['contacts', '--folder', join(ROOT, 'nobody')]).catch(({ stderr }) => String(stderr))
  assert.ok(loaded.includes('node:sqlite'))
})

test('commands/ holds one file for each command, and nothing else', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [join(ROOT, 'src/cli/main.ts'), '--help'])
  const list = /^Commands:\n((?: {2}.*\n)+)/m.exec(stdout)?.[1] ?? ''
  const names = Array.from(list.matchAll(/^ {2}([\w-]+)/gm), ([, name = '']) => name).filter((name) => name !== 'help')
  const files = readdirSync(join(ROOT, 'src/cli/commands')).map((file) => file.replace(/\.ts$/, ''))
  assert.ok(files.length > 20)
  assert.deepEqual(names.toSorted(), files.toSorted())
})
