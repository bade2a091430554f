import assert from 'node:assert/strict'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { build } from '../../tools/build.ts'
import { entryNames } from '../../tools/entries.ts'

const ROOT = join(import.meta.dirname, '../..')

const PACKAGE = {
  name: 'small',
  type: 'module',
  exports: {
    '.': { types: './dist/types/index.d.cts', default: './entry/index.cjs' },
    './more': { types: './dist/types/more.d.cts', default: './entry/more.cjs' },
    './package.json': './package.json',
  },
  typesVersions: { '*': { more: ['./dist/types/more.d.cts'] } },
}

const SOURCES = {
  'src/index.ts':
    "import { measure } from './shapes/measure.ts'\n/** A shape. */\nexport type Shape = AsyncDisposable & {\n  readonly sides: number\n  /** @internal */\n  readonly handle: import('node:net').Socket | null\n}\n/** Draws. */\nexport const draw = async (signal?: AbortSignal): Promise<Shape> => ({ sides: measure(signal), handle: null, [Symbol.asyncDispose]: async () => {} })\n",
  'src/more.ts':
    "import type { Socket } from 'node:net'\nexport const ports = (socket: Socket): number | undefined => socket.localPort\n",
  'src/shapes/measure.ts':
    "import untyped from 'untyped'\nexport type Tape = typeof untyped\nexport const measure = (_signal?: unknown): number => untyped().sides\n",
  'src/shapes/untyped.d.ts':
    "declare module 'untyped' {\n  type Shape = { readonly sides: number }\n  export default function untyped(): Shape\n}\n",
  'src/shapes/001.sql': 'create table shapes (sides integer);\n',
}

/** A small package, laid out like this one, in a folder with a space in its name. */
function plant(t: TestContext, changed: Readonly<Record<string, string>> = {}): string {
  const root = mkdtempSync(join(tmpdir(), 'handfast build '))
  t.after(() => rmSync(root, { recursive: true }))
  const untyped = {
    'node_modules/untyped/package.json': '{ "name": "untyped", "type": "module", "exports": "./main.js" }',
    'node_modules/untyped/main.js': 'export default () => ({ sides: 3 })\n',
  }
  const files = { ...SOURCES, ...untyped, 'package.json': JSON.stringify(PACKAGE), ...changed }
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  for (const name of ['tsconfig.json', 'tsconfig.build.json']) cpSync(join(ROOT, name), join(root, name))
  mkdirSync(join(root, 'node_modules/@types'))
  symlinkSync(join(ROOT, 'node_modules/@types/node'), join(root, 'node_modules/@types/node'))
  return root
}

test('what was built runs, and its declarations say what users see and nothing else', async (t) => {
  const root = plant(t)
  build(root)
  const read = (path: string): string => readFileSync(join(root, 'dist', path), 'utf8')
  const require = createRequire(join(root, 'dist/index.js'))
  await using shape = await require('./index.js').draw()
  assert.equal(shape.sides, 3)
  assert.equal(read('shapes/001.sql'), SOURCES['src/shapes/001.sql'])
  assert.deepEqual(readdirSync(join(root, 'dist')).toSorted(), ['index.js', 'more.js', 'shapes', 'types'])
  assert.deepEqual(readdirSync(join(root, 'dist/types')).toSorted(), ['index.d.cts', 'more.d.cts'])
  assert.equal(existsSync(join(root, 'dist/shapes/measure.d.ts')), false)

  const types = read('types/index.d.cts')
  assert.match(types, /^\/\/\/ <reference lib="esnext\.disposable" \/>\n/)
  assert.match(types, /declare global \{\s*interface AbortSignal \{\s*\}\s*\}/)
  assert.match(types, /\/\*\* Draws\. \*\//)
  assert.doesNotMatch(types, /untyped|Tape|handle|node/)
  // Where Node's types are needed they come along, whatever the user's configuration says.
  assert.match(read('types/more.d.cts'), /^\/\/\/ <reference types="node" \/>\nimport \{ Socket \} from 'node:net'/)
})

test('a build that could not run, or whose types users could not read, is refused', (t) => {
  const refuses = (changed: Readonly<Record<string, string>>, words: RegExp): void => {
    assert.throws(() => build(plant(t, changed)), words)
  }
  refuses({ 'src/fork.ts': "export const worker = new URL('./more.ts', import.meta.url)\n" }, /fork\.js/)
  refuses({ 'src/more.ts': "export const sides: number = 'three'\n" }, /^Error: the sources do not compile/)
  const leak = "import untyped from 'untyped'\nexport const sides = (): ReturnType<typeof untyped> => untyped()\n"
  refuses({ 'src/more.ts': leak }, /^Error: the published declarations do not compile/)
})

test('package.json leads to every entry, for compilers of every age', (t) => {
  const names = (changed: object): string[] =>
    entryNames(plant(t, { 'package.json': JSON.stringify({ ...PACKAGE, ...changed }) }))
  assert.deepEqual(names({}), ['index', 'more'])
  assert.throws(() => names({ exports: { ...PACKAGE.exports, './more': './src/more.ts' } }), /exports\["\.\/more"\]/)
  assert.throws(() => names({ typesVersions: undefined }), /typesVersions/)
})
