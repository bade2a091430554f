import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
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
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, posix } from 'node:path'
import { after, test } from 'node:test'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { publint } from 'publint'
import ts from 'typescript-5.9'
import { entryNames } from '../../tools/entries.ts'

/** What `npm pack` gives: a package that checkers find nothing in, and that others compile against and run, as it lies in their node_modules. */

const ROOT = join(import.meta.dirname, '../..')
const MODULES = join(ROOT, 'node_modules')
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
const FOLDER = mkdtempSync(join(tmpdir(), 'handfast package '))
after(() => rmSync(FOLDER, { recursive: true }))

const PATH = [join(MODULES, '.bin'), process.env.PATH].join(delimiter)
const run = (cwd: string, command: string, ...args: string[]): string => {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8', env: { ...process.env, PATH } })
  assert.equal(status, 0, `${command} ${args.join(' ')}\n${stdout}${stderr}`)
  return stdout
}

/** Packs a copy of this checkout, so that its own `dist` stays as it is. @returns the path of the tarball */
const pack = (): string => {
  const copy = join(FOLDER, 'checkout')
  const folders = ['src', 'tools', ...manifest.files].filter((name) => name !== 'dist')
  for (const { name } of readdirSync(ROOT, { withFileTypes: true }).filter(
    (entry) => entry.isFile() || folders.includes(entry.name),
  ))
    cpSync(join(ROOT, name), join(copy, name), { recursive: true })
  symlinkSync(MODULES, join(copy, 'node_modules'), 'junction')
  run(copy, 'npm', 'pack', '--offline', '--pack-destination', FOLDER)
  return join(FOLDER, `${manifest.name}-${manifest.version}.tgz`)
}

const tarball = readFileSync(pack())

/** A project of somebody who installed the package. */
const user = join(FOLDER, 'user')
const installed = join(user, 'node_modules', manifest.name)
mkdirSync(installed, { recursive: true })
run(FOLDER, 'tar', '-xzf', `${manifest.name}-${manifest.version}.tgz`, '--strip-components=1', '-C', installed)
for (const name of Object.keys(manifest.dependencies)) {
  mkdirSync(dirname(join(user, 'node_modules', name)), { recursive: true })
  symlinkSync(join(MODULES, name), join(user, 'node_modules', name), 'junction')
}
writeFileSync(join(user, 'package.json'), '{ "type": "module" }')

test('checkers of packages find nothing', async () => {
  const { messages } = await publint({ pack: { tarball: Uint8Array.from(tarball).buffer }, strict: true })
  assert.deepEqual(messages, [])
  const result = await checkPackage(createPackageFromTarballData(tarball))
  assert.ok(result.types)
  assert.deepEqual(result.problems, [])
})

test('it holds what was built and what explains it, and no sources', () => {
  const files = readdirSync(installed, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const names = files.map(({ name }) => name)
  assert.deepEqual(
    names.filter((name) => /\.m?ts$/.test(name)),
    [],
  )
  assert.deepEqual(names.filter((name) => name.endsWith('.d.cts')).length, entryNames(ROOT).length)
  const shown = readdirSync(installed)
  assert.deepEqual(
    ['README.md', 'LICENSE', 'SECURITY.md', 'CHANGELOG.md', 'docs', 'entry', 'dist'].filter(
      (name) => !shown.includes(name),
    ),
    [],
  )
})

test('every relative link of its documents leads to a file in it, or from the documentation to the sources', () => {
  const documents = readdirSync(installed, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.md'))
  const links = documents.flatMap((path) =>
    Array.from(readFileSync(join(installed, path), 'utf8').matchAll(/\]\(([^)\s]+)\)/g), ([, to = '']) => ({
      path,
      to,
    })),
  )
  const relative = links.filter(({ to }) => !/^([a-z]+:|#)/.test(to))
  assert.ok(relative.some(({ path }) => path === 'README.md'))
  const leads = ({ path, to }: { path: string; to: string }): boolean => {
    const target = posix.join(posix.dirname(path), to.replace(/#.*$/, ''))
    const toSource = path.startsWith('docs/') && target.startsWith('src/')
    return existsSync(join(toSource ? ROOT : installed, target))
  }
  assert.deepEqual(
    relative.filter((link) => !leads(link)),
    [],
  )
})

/** All that an entry's source exports, types among them; `type` before the names of those. */
const exportedNames = (name: string): string[] => {
  const file = join(ROOT, 'src', `${name}.ts`)
  const program = ts.createProgram([file], { allowImportingTsExtensions: true, module: ts.ModuleKind.NodeNext })
  const checker = program.getTypeChecker()
  const source = program.getSourceFile(file)
  const module = source && checker.getSymbolAtLocation(source)
  assert.ok(module)
  return checker.getExportsOfModule(module).map((symbol) => {
    const real = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
    return real.flags & ts.SymbolFlags.Value ? symbol.name : `type ${symbol.name}`
  })
}

for (const name of entryNames(ROOT)) {
  const from = name === 'index' ? manifest.name : `${manifest.name}/${name}`
  writeFileSync(join(user, `all-of-${name}.ts`), `export { ${exportedNames(name).join(', ')} } from '${from}'\n`)
}
const PROGRAM = `import { decodeAddress, encodeAddress, FernetError, HandfastError, type OpenOptions, openPeer, type Peer } from 'handfast'
import { decrypt, encrypt, FernetError as SameError, generateKey } from 'handfast/fernet'

// Both entries name the same class.
export const isSame = (error: FernetError): error is SameError => error instanceof SameError
const id: Uint8Array = new Uint8Array(32).fill(7)
const address: string = encodeAddress(id)
const key: string = generateKey()
export const same: boolean = decodeAddress(address).join() === id.join()
export const bytes: Uint8Array = decrypt(key, encrypt(key, 'hello'), { ttl: 60 })
export const refused = (): string => {
  try {
    decodeAddress('')
    return 'nothing'
  } catch (error) {
    return error instanceof HandfastError ? error.code : 'something'
  }
}
export const talk = async (options: OpenOptions, signal: AbortSignal): Promise<string> => {
  await using peer: Peer = await openPeer({ ...options, signal })
  return peer.address
}
export const hear = async (peer: Peer): Promise<void> => {
  const stream = await peer.dial('Bob', 'chess/1')
  stream.on('data', (chunk: Uint8Array) => void chunk.length)
  stream.once('error', (error: Error) => void error.message)
  for (const event of ['end', 'drain', 'finish', 'close'] as const) stream.on(event, () => stream.end())
  for await (const chunk of stream) stream.write(chunk)
}
// @ts-expect-error: bytes, not just anything
export const wrong: string = bytes
// @ts-expect-error: a network is needed
export const forgotten: OpenOptions = {}
`
writeFileSync(join(user, 'program.ts'), PROGRAM)
writeFileSync(
  join(user, 'program.cts'),
  "import { decrypt, encrypt, generateKey } from 'handfast/fernet'\nconst key: string = generateKey()\nexport const bytes: Uint8Array = decrypt(key, encrypt(key, 'hello'))\n",
)
const PROGRAMS = ['program.ts', 'program.cts', ...entryNames(ROOT).map((name) => `all-of-${name}.ts`)]

const COMPILERS = { 'TypeScript 7': 'typescript', 'TypeScript 5.9': 'typescript-5.9' }
const SURROUNDINGS = {
  'the types of Node': { lib: ['es2024'], types: ['node'], typeRoots: [join(MODULES, '@types')] },
  'the types of a browser': { lib: ['es2024', 'dom'], types: [] },
  neither: { lib: ['es2024'], types: [] },
}
const STRICT = {
  strict: true,
  skipLibCheck: false,
  exactOptionalPropertyTypes: true,
  noEmit: true,
  target: 'es2024',
  module: 'nodenext',
}

for (const [version, compiler] of Object.entries(COMPILERS)) {
  for (const [name, options] of Object.entries(SURROUNDINGS)) {
    test(`users compile strictly, its declarations too, by ${version} with ${name}`, () => {
      const project = { compilerOptions: { ...STRICT, ...options }, files: PROGRAMS }
      writeFileSync(join(user, 'tsconfig.json'), JSON.stringify(project))
      run(user, process.execPath, join(MODULES, compiler, 'bin/tsc'))
    })
  }
}

test('it runs: what was compiled, by import and by require, and the command', () => {
  const tell = '({ bytes, same, refused }) => console.log(Buffer.from(bytes).toString(), same, refused())'
  assert.equal(
    run(user, process.execPath, '-e', `import('./program.ts').then(${tell})`),
    'hello true ERR_ADDRESS_PREFIX\n',
  )
  const names = "console.log(typeof require('handfast').openPeer, typeof require('handfast/fernet').decrypt)"
  assert.equal(run(user, process.execPath, '-e', names), 'function function\n')
  const command = join(installed, manifest.bin.handfast)
  assert.equal(run(user, process.execPath, command, '--version'), `${manifest.version}\n`)
})
