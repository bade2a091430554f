import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { build, publishedManifest } from '../../tools/build.ts'

const ROOT = join(import.meta.dirname, '../..')

const CHECKOUT = {
  name: 'small',
  version: '1.2.3',
  private: true,
  type: 'module',
  bin: { small: './src/cli/main.ts' },
  exports: { '.': './src/index.ts', './package.json': './package.json' },
  scripts: { test: 'node --test' },
  dependencies: { untyped: '1.0.0' },
  devDependencies: { typescript: '1.0.0' },
  allowScripts: { node: true },
}

const SOURCES = {
  'src/index.ts':
    "import type { Shape } from './net/shape.ts'\nexport type { Shape }\nexport const load = async (): Promise<Shape> => (await import('./net/shape.ts')).shape\n",
  'src/net/shape.ts':
    "import untyped, { type Shape } from 'untyped'\nexport type { Shape }\nexport const shape: Shape = untyped()\n",
  'src/net/untyped.d.ts':
    "declare module 'untyped' {\n  export type Shape = { readonly sides: number }\n  export default function untyped(): Shape\n}\n",
  'src/store/001.sql': 'create table shapes (sides integer);\n',
  'src/cli/main.ts':
    "#!/usr/bin/env node\nimport { load } from '../index.ts'\nprocess.stdout.write((await load()).sides + ' sides')\n",
}

/** A small package, laid out like this one, in a folder with a space in its name. */
function plant(t: TestContext, changed: Readonly<Record<string, string>> = {}): string {
  const root = mkdtempSync(join(tmpdir(), 'handfast build '))
  t.after(() => rmSync(root, { recursive: true }))
  const untyped = {
    'node_modules/untyped/package.json':
      '{ "name": "untyped", "version": "1.0.0", "type": "module", "exports": "./main.js" }',
    'node_modules/untyped/main.js': 'export default () => ({ sides: 3 })\n',
  }
  const files = { ...SOURCES, ...untyped, 'package.json': JSON.stringify(CHECKOUT), LICENSE: 'free', ...changed }
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  for (const name of ['tsconfig.json', 'tsconfig.build.json']) cpSync(join(ROOT, name), join(root, name))
  mkdirSync(join(root, 'node_modules/@types'))
  symlinkSync(join(ROOT, 'node_modules/@types/node'), join(root, 'node_modules/@types/node'))
  return root
}

test('the published manifest names built files and nothing of development', () => {
  assert.deepEqual(publishedManifest(CHECKOUT), {
    name: 'small',
    version: '1.2.3',
    type: 'module',
    bin: { small: 'cli/main.js' },
    exports: { '.': { types: './index.d.ts', default: './index.js' }, './package.json': './package.json' },
    dependencies: { untyped: '1.0.0' },
  })
})

test('what was built runs and type-checks as an installed package', (t) => {
  const root = plant(t)
  build(root)
  const user = join(root, 'user')
  cpSync(join(root, 'dist'), join(user, 'node_modules/small'), { recursive: true })
  cpSync(join(root, 'node_modules/untyped'), join(user, 'node_modules/untyped'), { recursive: true })
  writeFileSync(join(user, 'package.json'), '{ "type": "module" }')
  writeFileSync(
    join(user, 'user.ts'),
    "import { load, type Shape } from 'small'\nconst shape: Shape = await load()\nexport const sides: number = shape.sides\n// @ts-expect-error: it is a number, not just anything\nexport const wrong: string = shape.sides\nprocess.stdout.write(String(sides))\n",
  )
  const run = (file: string) => spawnSync(process.execPath, [join(user, file)], { encoding: 'utf8' })
  assert.equal(run('user.ts').stdout, '3')
  assert.equal(run('node_modules/small/cli/main.js').stdout, '3 sides')
  assert.ok(statSync(join(user, 'node_modules/small/cli/main.js')).mode & 0o100)
  assert.equal(readFileSync(join(user, 'node_modules/small/store/001.sql'), 'utf8'), SOURCES['src/store/001.sql'])
  assert.equal(readFileSync(join(user, 'node_modules/small/LICENSE'), 'utf8'), 'free')

  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
  const flags = [
    '--ignoreConfig',
    '--noEmit',
    '--strict',
    '--target',
    'es2025',
    '--module',
    'nodenext',
    '--types',
    'node',
  ]
  const check = spawnSync(process.execPath, [tsc, ...flags, join(user, 'user.ts')], { encoding: 'utf8' })
  assert.equal(check.stdout, '')
})

test('a build that could not run is refused', (t) => {
  assert.throws(() => build(plant(t, { 'src/cli/main.ts': 'export {}\n' })), /cli\/main\.js/)
  assert.throws(
    () => build(plant(t, { 'src/net/fork.ts': "export const worker = new URL('./shape.ts', import.meta.url)\n" })),
    /net\/fork\.js/,
  )
})
