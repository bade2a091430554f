import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as labels from '../../src/core/labels.ts'

const all = Object.values(labels)

test('every label is ASCII under handfast/v1/', () => {
  for (const label of all) assert.match(label, /^handfast\/v1\/[a-z0-9-]+$/)
})

test('no label is another one, or begins another one: a hash input has one reading', () => {
  for (const [index, label] of all.entries())
    for (const other of all.slice(index + 1)) {
      assert.ok(!label.startsWith(other), `${label} begins with ${other}`)
      assert.ok(!other.startsWith(label), `${other} begins with ${label}`)
    }
})
