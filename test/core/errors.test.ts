import assert from 'node:assert/strict'
import { test } from 'node:test'
import { errorOf } from '../../src/core/error-of.ts'
import { ERROR_CODES, ERROR_TABLES, type ErrorClass, isCodeOf } from '../../src/core/errors/codes.ts'
import * as errors from '../../src/core/errors.ts'

const { HandfastError } = errors

type AnyClass = new (code: unknown, detail?: errors.ErrorDetail) => errors.HandfastError

/** Every exported class of errors but the base, as plain JavaScript sees it. */
const classes = new Map<string, AnyClass>(
  Object.entries(errors).flatMap(([name, value]) =>
    name !== 'HandfastError' && name.endsWith('Error') ? [[name, value as unknown as AnyClass]] : [],
  ),
)
const names = Object.keys(ERROR_TABLES) as ErrorClass[]

test('every code is upper case, and belongs to exactly one class', () => {
  for (const code of ERROR_CODES) assert.match(code, /^ERR(_[A-Z0-9]+)+$/)
  assert.equal(new Set(ERROR_CODES).size, ERROR_CODES.length)
  for (const code of ERROR_CODES) assert.equal(names.filter((name) => isCodeOf(name, code)).length, 1, code)
  assert.deepEqual([...classes.keys()].sort(), [...names].sort())
})

test('every code has a sentence of its own, lower-case and without a full stop, and advice that is no sentence', () => {
  const all = ERROR_CODES.map((code) => errorOf(code))
  for (const { message, advice } of all) {
    assert.match(message, /^(?:[a-z]|ML-KEM).*[^.\s]$/)
    assert.match(advice, /^[a-z].*[^.\s]$/)
    assert.notEqual(advice, message)
  }
  assert.equal(new Set(all.map(({ message }) => message)).size, all.length)
})

test('a class takes its own codes and no other, also from plain JavaScript', () => {
  for (const [name, Class] of classes)
    for (const code of ERROR_CODES)
      if (Object.hasOwn(ERROR_TABLES[name as ErrorClass], code)) assert.equal(new Class(code).code, code)
      else assert.throws(() => new Class(code), TypeError, `${name} ${code}`)
  assert.throws(() => new errors.CardError('toString' as never), TypeError)
  assert.equal(isCodeOf('CardError', 'toString'), false)
})

test('a code becomes an error of its class, with its name, the code, the hint and the cause', () => {
  for (const code of ERROR_CODES) {
    const cause = new Error('below')
    const error = errorOf(code, { hint: 'at byte 7', cause })
    const Class = classes.get(error.name)
    assert.ok(Class !== undefined && error instanceof Class && error instanceof HandfastError)
    assert.equal(error.name, Class.name)
    assert.equal(error.code, code)
    assert.match(error.message, / \(at byte 7\)$/)
    assert.equal(error.cause, cause)
  }
})

test('without a cause there is no cause property, and without a hint no brackets', () => {
  const error = new errors.EncodingError('ERR_CBOR')
  assert.ok(!('cause' in error))
  assert.doesNotMatch(error.message, /\(/)
})
