import { equal } from './bytes.ts'
import { KeyError, TokenError } from './errors.ts'
import { bytes, nullable, type Reader, record, text } from './fields.ts'
import { TOKEN_KEY_ID_MAX, TOKEN_LABEL_MAX, TOKEN_MODULE_MAX } from './limits/store-limits.ts'
import { keySigner, type P256PrivateKey, POINT_BYTES, type Signer } from './p256.ts'

/** Where the private half of a root key is: in this process, or elsewhere, where only a signer reaches it. */

/** Where a key lies on a PKCS#11 token. Nothing of it is secret. */
export type TokenKey = {
  /** absolute path of the PKCS#11 module, the token maker's library */
  readonly module: string
  /** the token's label, whole */
  readonly token: string
  /** the key's CKA_ID in hex */
  readonly key: string
}

/** A root key that is not here; `token` says where it is, null when only its owner knows. */
export type RootElsewhere = { readonly publicKey: Uint8Array; readonly token: TokenKey | null }

export type RootKey = P256PrivateKey | RootElsewhere

/** What signs as a root key that is elsewhere; `token` is remembered with the identity. */
export type RootSigner = Signer & { readonly token?: TokenKey | undefined }

export const isHere = (root: RootKey): root is P256PrivateKey => 'key' in root

/** In the data folder with the other keys, on a token, or where only its owner knows. */
export type RootPlace = 'folder' | 'token' | 'elsewhere'

export const placeOf = (root: RootKey): RootPlace => {
  if (isHere(root)) return 'folder'
  return root.token === null ? 'elsewhere' : 'token'
}

export const elsewhere = ({ publicKey, token = undefined }: RootSigner): RootElsewhere => ({
  publicKey: Uint8Array.from(publicKey),
  token: token ?? null,
})

/**
 * What signs with a root key.
 * @param given needed when the key is elsewhere
 * @throws KeyError ERR_ROOT_ELSEWHERE without it, ERR_ROOT_OTHER when it holds another key
 */
export const rootSigner = (root: RootKey, given?: Signer): Signer => {
  if (given !== undefined && !equal(given.publicKey, root.publicKey)) throw new KeyError('ERR_ROOT_OTHER')
  if (given !== undefined) return given
  if (!isHere(root)) throw new KeyError('ERR_ROOT_ELSEWHERE')
  return keySigner(root)
}

/** Text without control characters, which no path, label or hex has, and which an argument must not have. */
const plain =
  (max: number): Reader<string> =>
  (value, name) => {
    const read = text(max)(value, name)
    if (read === '' || /\p{Cc}/u.test(read)) throw new TokenError('ERR_TOKEN_NAME', { hint: name })
    return read
  }

const keyId: Reader<string> = (value, name) => {
  const read = plain(2 * TOKEN_KEY_ID_MAX)(value, name)
  if (!/^(?:[0-9a-f]{2})+$/.test(read))
    throw new TokenError('ERR_TOKEN_NAME', { hint: `${name}: pairs of 0–9 and a–f` })
  return read
}

/** @throws EncodingError ERR_FIELD; TokenError ERR_TOKEN_NAME */
export const readTokenKey: Reader<TokenKey> = record<TokenKey>({
  module: plain(TOKEN_MODULE_MAX),
  token: plain(TOKEN_LABEL_MAX),
  key: keyId,
})

export const readElsewhere: Reader<RootElsewhere> = record<RootElsewhere>({
  publicKey: bytes(POINT_BYTES),
  token: nullable(readTokenKey),
})
