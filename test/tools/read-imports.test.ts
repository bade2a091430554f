import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codeOnly, readImports } from '../../tools/read-imports.ts'

/** Writes templates without having to escape them here: ´ stands for a backtick, § for a dollar sign. */
const source = (text: string) => text.replaceAll('´', '`').replaceAll('§', '$')
const read = (text: string) =>
  readImports(source(text)).map(({ specifier, line, typeOnly }) => `${line} ${specifier}${typeOnly ? ' type' : ''}`)

const ONE: readonly (readonly [text: string, found: string])[] = [
  ["import a from 'm'", '1 m'],
  ["import a, { b as c } from 'm'", '1 m'],
  ["import a, * as b from 'm'", '1 m'],
  ['import{a}from"m"', '1 m'],
  ["import {\n  a, // from 'x'\n  b,\n} from 'm'", '1 m'],
  ["import json from './m.json' with { type: 'json' }", '1 ./m.json'],
  ["import 'm'", '1 m'],
  ["import type a from 'm'", '1 m type'],
  ["import type { a } from 'm'", '1 m type'],
  ["import type * as a from 'm'", '1 m type'],
  ["import type from 'm'", '1 m'],
  ["import type, { a } from 'm'", '1 m'],
  ["import { type a } from 'm'", '1 m'],
  ["import defer * as a from 'm'", '1 m'],
  ["export { a } from 'm'", '1 m'],
  ["export * from 'm'", '1 m'],
  ["export * as a from 'm'", '1 m'],
  ["export type { a } from 'm'", '1 m type'],
  ["export type * from 'm'", '1 m type'],
  ["export { a }\nimport type { b } from 'm'", '2 m type'],
  ["const a = await import('m')", '1 m'],
  ["const a = import(\n  /* why */ 'm',\n)", '1 m'],
  ['const a = import(´m´)', '1 m'],
  ["const a = require('m')", '1 m'],
  ["import a = require('m')", '1 m'],
  ["let a: typeof import('m')", '1 m'],
  ['import(name)', '1 undefined'],
  ["import('a' + b)", '1 undefined'],
  ['import(´§{a}´)', '1 undefined'],
  ["´§{ { a: ´§{ import('m') }´ } }´", '1 m'],
  ["´§{ { a: 1 }, import('m') }´", '1 m'],
  ["const a = b / c / import('m')", '1 m'],
  ["const a = (b) / 2; import('m') / 1", '1 m'],
  ["const quote = /['\"´/*]/\nimport 'm'", '2 m'],
  ["const open = 'it\\'s // '\nimport 'm'", '2 m'],
]

for (const [text, found] of ONE) {
  test(`${JSON.stringify(text)} imports ${found}`, () => assert.deepEqual(read(text), [found]))
}

const NAMES: readonly (readonly [text: string, names: readonly string[] | undefined])[] = [
  ["import { a, b as c, type d, } from 'm'", ['a', 'b']],
  ["import {\n  a, // not b\n} from 'm'", ['a']],
  ["export { a as b } from 'm'", ['a']],
  ["import type { a } from 'm'", ['a']],
  ["import {} from 'm'", []],
  ["import a, { b } from 'm'", undefined],
  ["import * as a from 'm'", undefined],
  ["export * from 'm'", undefined],
  ["import 'm'", undefined],
  ["const { a } = await import('m')", undefined],
]

for (const [text, names] of NAMES) {
  test(`${JSON.stringify(text)} takes ${names ?? 'what it likes'}`, () =>
    assert.deepEqual(
      readImports(text).map((found) => found.names),
      [names],
    ))
}

const NONE: readonly string[] = [
  "// import 'm'",
  "/* import 'm'\n import('m') */",
  'const a = "import \'m\'"',
  "const a = 'it\\'s import(\"m\")'",
  '´import "m"´',
  '´§{a}import "m"§{b}import "m"´',
  '´§{ { a: {} } } import "m"´',
  'const a = /import "m"/',
  "return /[/]import('m')/g",
  "a.import('m')",
  "a.require('m')",
  'import.meta.url',
  "export const from = 'm'",
  "export default 'm'",
  "important('m')",
]

for (const text of NONE) {
  test(`${JSON.stringify(text)} imports nothing`, () => assert.deepEqual(read(text), []))
}

test('the code keeps its place: as long as the text, with the same lines', () => {
  for (const text of [...ONE.map(([one]) => one), ...NONE].map(source)) {
    const code = codeOnly(text)
    assert.equal(code.length, text.length)
    assert.deepEqual(
      [...code.matchAll(/\n/g)].map((m) => m.index),
      [...text.matchAll(/\n/g)].map((m) => m.index),
    )
  }
})
