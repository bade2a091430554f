import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as errors from '../../src/core/errors.ts'

const { ERROR_CODES, HandfastError } = errors

const classes = Object.values(errors).filter(
  (value): value is typeof HandfastError => typeof value === 'function' && value !== HandfastError,
)

test('every code is upper case, and listed once', () => {
  for (const code of ERROR_CODES) assert.match(code, /^ERR(_[A-Z0-9]+)+$/)
  assert.equal(new Set(ERROR_CODES).size, ERROR_CODES.length)
})

test('every code has a sentence of its own: lower-case, without a full stop', () => {
  const sentences = ERROR_CODES.map((code) => new HandfastError(code).message)
  for (const sentence of sentences) assert.match(sentence, /^(?:[a-z]|ML-KEM).*[^.\s]$/)
  assert.equal(new Set(sentences).size, sentences.length)
})

test('every class carries its own name, the code, the hint and the cause', () => {
  assert.ok(classes.length >= 10)
  for (const Class of classes) {
    const cause = new Error('below')
    const error = new Class('ERR_CBOR', { hint: 'at byte 7', cause })
    assert.ok(error instanceof HandfastError && error instanceof Error)
    assert.equal(error.name, Class.name)
    assert.equal(error.code, 'ERR_CBOR')
    assert.match(error.message, / \(at byte 7\)$/)
    assert.equal(error.cause, cause)
  }
})

test('without a cause there is no cause property, and without a hint no brackets', () => {
  const error = new HandfastError('ERR_CBOR')
  assert.ok(!('cause' in error))
  assert.doesNotMatch(error.message, /\(/)
})
