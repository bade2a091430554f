import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wrap } from '../../../src/cli/output/sanitize.ts'
import { wording } from '../../../src/cli/output/wording.ts'
import { generatePhrase, normalizePhrase } from '../../../src/core/recovery-phrase.ts'
import { seededRandom } from '../../core/test-bytes.ts'

/** The recovery phrase on screens of any width. */

const NEW = { event: 'created', address: `hf1${'q'.repeat(58)}`, folder: '/tmp/24', sealedBy: 'passphrase' } as const
const shown = (recoveryPhrase: string, columns?: number): readonly string[] =>
  wording.created({ ...NEW, rootKey: 'folder', recoveryPhrase }, columns)

test('each word stands beside its number, as many in a row as there is room for', () => {
  const words = Array.from({ length: 24 }, (_, index) => `longest${String.fromCharCode(97 + index)}`)
  for (const [columns, height] of [
    [Number.POSITIVE_INFINITY, 8],
    [80, 8],
    [40, 8],
    [37, 8],
    [36, 12],
    [24, 12],
    [23, 24],
    [20, 24],
    [11, 24],
  ] as const) {
    const rows = shown(words.join(' '), columns).filter((line) => line.includes('longest'))
    assert.equal(rows.length, height)
    for (const row of rows) assert.deepEqual(wrap(row, columns), [row])
    assert.deepEqual(
      rows.flatMap((row) => row.trim().split(/ +/)),
      words.flatMap((word, index) => [`${index + 1}`, word]),
    )
  }
})

test('what is shown is taken back, copied with all that stands around it', () => {
  for (const name of ['a', 'b', 'c', 'd']) {
    const phrase = generatePhrase(seededRandom(name))
    for (const columns of [80, 40, 20, 14]) {
      const screen = shown(phrase, columns).flatMap((line) => wrap(line, columns))
      assert.equal(normalizePhrase(screen.join('\n')), phrase)
      assert.equal(normalizePhrase(screen.map((row) => row.padEnd(columns)).join('')), phrase)
    }
  }
})
