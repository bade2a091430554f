import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'

/** `npm run fuzz`, as it is typed. */

const MAIN = join(import.meta.dirname, '../../fuzz/main.ts')
const fuzz = (...argv: readonly string[]) => spawnSync(process.execPath, [MAIN, ...argv], { encoding: 'utf8' })

test('it says what every decoder made of its inputs, and which seed that was', () => {
  const { status, stdout, stderr } = fuzz('--inputs', '300', '--seed', 'words')
  assert.equal(status, 0, stderr)
  for (const name of ['cbor', 'hello', 'parcel', 'backup-content'])
    assert.match(stdout, new RegExp(`^${name} +\\d+`, 'm'))
  assert.match(stdout, /^\d+ inputs, 0 findings, seed words, /m)
})

test('one input is run alone, by its number or as it is', () => {
  assert.match(fuzz('--only', 'cbor', '--seed', 'words', '--index', '7').stdout, /^{"outcome":"(accepted|refused)"/)
  assert.match(fuzz('--only', 'cbor', '--input', '8000').stdout, /^{"outcome":"refused","code":"ERR_CBOR"} for 2 bytes/)
})

test('what it cannot do it refuses', () => {
  for (const argv of [['--only', 'nothing'], ['--inputs', '0'], ['--inputs', 'many'], ['--words']])
    assert.equal(fuzz(...argv).status, 1, argv.join(' '))
})
