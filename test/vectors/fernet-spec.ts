import assert from 'node:assert/strict'
import { decrypt, encrypt } from '../../src/fernet.ts'

/** fernet/spec-*.json: the cases of the Fernet specification, many in a file, held against the code. */

type SpecCase = { readonly token: string; readonly now: string; readonly ttl_sec?: number; readonly secret: string }
type Described = SpecCase & { readonly src: string; readonly iv: readonly number[]; readonly desc: string }

const time = ({ now }: SpecCase): number => Date.parse(now) / 1000

/** The reason that each description gives. */
const INVALID: { readonly [description: string]: string } = {
  'incorrect mac': 'ERR_FERNET_MAC',
  'too short': 'ERR_FERNET_LENGTH',
  'invalid base64': 'ERR_FERNET_BASE64',
  'payload size not multiple of block size': 'ERR_FERNET_LENGTH',
  'payload padding error': 'ERR_FERNET_PADDING',
  'far-future TS (unacceptable clock skew)': 'ERR_FERNET_FUTURE',
  'expired TTL': 'ERR_FERNET_EXPIRED',
  'incorrect IV (causes padding error)': 'ERR_FERNET_PADDING',
  'trailing characters after b64 padding': 'ERR_FERNET_BASE64',
  'invalid characters in b64': 'ERR_FERNET_BASE64',
  'invalid non-urlsafe characters in b64': 'ERR_FERNET_BASE64',
}

const CHECKS: { readonly [file: string]: (one: Described) => void } = {
  'spec-generate.json': (one) => {
    const iv = Uint8Array.from(one.iv)
    assert.equal(encrypt(one.secret, new TextEncoder().encode(one.src), { now: time(one), iv }), one.token)
  },
  'spec-verify.json': (one) => {
    const data = decrypt(one.secret, one.token, { now: time(one), ttl: one.ttl_sec })
    assert.equal(new TextDecoder().decode(data), one.src)
  },
  'spec-invalid.json': (one) => {
    const code = INVALID[one.desc]
    assert.ok(code !== undefined, one.desc)
    const open = () => decrypt(one.secret, one.token, { now: time(one), ttl: one.ttl_sec })
    assert.throws(open, { name: 'FernetError', code }, one.desc)
  },
}

export const checkFernetSpec = (file: string, cases: readonly unknown[]): void => {
  const check = CHECKS[file]
  assert.ok(check !== undefined && cases.length > 0, file)
  for (const one of cases) check(one as Described)
}
