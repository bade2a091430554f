import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkName } from '../src/contacts/contact-api.ts'
import { checkForkProof, FORK_PROOF_BYTES_MAX } from '../src/core/fork-proof.ts'
import { parsePublicKey } from '../src/core/key-formats.ts'
import { MESSAGE_BYTES_MAX } from '../src/core/limits/message-limits.ts'
import { encodeBody } from '../src/messages/body.ts'

/** What a user gave and is too large says so, with its size and the bound: nobody has to guess, or blame the other side. */

const CASES: Readonly<
  Record<string, readonly [code: string, size: number, most: number, give: (size: number) => unknown]>
> = {
  'a text': ['ERR_MESSAGE_SIZE', 40_000, MESSAGE_BYTES_MAX, (size) => encodeBody('ä'.repeat(size / 2))],
  bytes: ['ERR_MESSAGE_SIZE', MESSAGE_BYTES_MAX + 1, MESSAGE_BYTES_MAX, (size) => encodeBody(new Uint8Array(size))],
  'the name of a contact': ['ERR_CONTACT_NAME', 65, 64, (size) => checkName('x'.repeat(size))],
  'a public key': ['ERR_KEY_FORMAT', 2001, 2000, (size) => parsePublicKey(`{${'x'.repeat(size - 1)}`)],
  'a fork proof': [
    ...(['ERR_PROOF', FORK_PROOF_BYTES_MAX + 7, FORK_PROOF_BYTES_MAX] as const),
    (size) => checkForkProof('x'.repeat(size)),
  ],
}

for (const [name, [code, size, most, give]] of Object.entries(CASES))
  test(`${name} that is too large`, () => {
    assert.throws(
      () => give(size),
      (error: { code?: string; message: string; advice?: string }) => {
        assert.equal(error.code, code)
        for (const number of [size, most]) assert.match(error.message, new RegExp(`\\b${number}\\b`))
        assert.doesNotMatch(`${error.message} ${error.advice}`, /version/)
        return true
      },
    )
  })
