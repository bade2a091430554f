import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { checkDocs } from '../../tools/check-docs.ts'

const ROOT = join(import.meta.dirname, '../..')

const PACKAGE = {
  exports: {
    '.': { types: './dist/types/index.d.cts', default: './entry/index.cjs' },
    './more': { types: './dist/types/more.d.cts', default: './entry/more.cjs' },
    './package.json': './package.json',
  },
  typesVersions: { '*': { more: ['./dist/types/more.d.cts'] } },
}

/** What the rule says of a package with these sources, as 'path:line rule: name'. */
function check(t: TestContext, sources: Readonly<Record<string, string>>): string[] {
  const root = mkdtempSync(join(tmpdir(), 'handfast docs '))
  t.after(() => rmSync(root, { recursive: true }))
  const files = { 'src/index.ts': 'export {}\n', 'src/more.ts': 'export {}\n', ...sources }
  for (const [path, text] of Object.entries({ ...files, 'package.json': JSON.stringify(PACKAGE) })) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'), 'junction')
  return checkDocs(root).breaches.map(({ path, line, rule, name }) => `${path}:${line} ${rule}: ${name}`)
}

test('a name that users can import needs a comment of its own, wherever it comes from and whatever it is', (t) => {
  const parts = `/** About this file. */

export const one = 1
export type Two = 2
export function three(): number { return 3 }
export class Four {}
export interface Five { readonly five: 5 }
/** */
export const six = 6
/** @internal */
export const seven = 7
// Eight.
export const eight = 8
/** Its own. */
export const nine = 9
const unseen = 10
/** Ten. */
export { unseen as ten }
export const hidden = 11
`
  const index = "export { eight, one, Four, type Five, nine, six, seven, three, type Two, ten } from './parts.ts'\n"
  assert.deepEqual(check(t, { 'src/parts.ts': parts, 'src/more.ts': index }), [
    'src/parts.ts:3 undocumented: one',
    'src/parts.ts:4 undocumented: Two',
    'src/parts.ts:5 undocumented: three',
    'src/parts.ts:6 undocumented: Four',
    'src/parts.ts:7 undocumented: Five',
    'src/parts.ts:9 undocumented: six',
    'src/parts.ts:11 undocumented: seven',
    'src/parts.ts:13 undocumented: eight',
    'src/parts.ts:16 undocumented: unseen',
  ])
})

test('so does a function that users find in a type, and a method of a class', (t) => {
  const index = `/** A peer. */
export type Peer = Partial<object> & {
  readonly address: string
  close(): void
  /** Says it. */
  say(): void
  /** @throws Error when it is late */
  wait(): void
  readonly inner: { deep(): void }
}
/** A thing. */
export class Thing {
  #secret(): void {}
  private own(): void {}
  open(): void { this.#secret(); this.own() }
  /** Shuts it. */
  shut(): void { throw new Error() }
}
`
  assert.deepEqual(check(t, { 'src/index.ts': index }), [
    'src/index.ts:4 undocumented: Peer.close',
    'src/index.ts:9 undocumented: Peer.deep',
    'src/index.ts:15 undocumented: Thing.open',
    'src/index.ts:17 throws: Thing.shut',
  ])
})

test('a function that throws says so', (t) => {
  const other = `/** @throws Error always */
export const fail = (): never => { throw new Error() }
export const quiet = (): void => {}
`
  const index = `import { fail as failing, quiet } from './other.ts'
/** By itself. */
export const a = (): void => { throw new Error() }
/** By another, late. */
export const b = async (): Promise<void> => { quiet(); if (Math.random() > 2) failing() }
/** In short. */
export const c = () => failing()
/** As a declaration. */
export function d(): void { failing() }
/** Catches it. */
export const e = (): void => { try { failing() } catch {} }
/** Catches it, and throws. */
export const f = (): void => { try { failing() } catch (error) { throw error } }
/** Only ends with it. */
export const g = (): void => { try { failing() } finally { quiet() } }
/** Hands it on. */
export const h = () => () => failing()
/** Says it. @throws Error always */
export const i = (): void => failing()
/** Names the tag alone.
 * @throws */
export const j = (): void => failing()
/** Quiet. */
export const k = (): void => quiet()
`
  assert.deepEqual(check(t, { 'src/index.ts': index, 'src/other.ts': other }), [
    'src/index.ts:3 throws: a',
    'src/index.ts:5 throws: b',
    'src/index.ts:7 throws: c',
    'src/index.ts:9 throws: d',
    'src/index.ts:13 throws: f',
    'src/index.ts:15 throws: g',
    'src/index.ts:22 throws: j',
  ])
})
