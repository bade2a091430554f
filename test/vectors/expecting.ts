import assert from 'node:assert/strict'
import type { ErrorCode } from '../../src/core/errors.ts'

/** A vector that may be about a refusal. */
export type Refused = { readonly error?: ErrorCode }

/** Runs `action`, which must fail with `error` where one stands; its result otherwise. */
export const expecting = <T>({ error }: Refused, action: () => T): T | null => {
  if (error === undefined) return action()
  assert.throws(action, { code: error })
  return null
}
