import { randomBytes } from 'node:crypto'
import { equal } from '../core/bytes.ts'
import { HandfastError, KeyError, TokenError } from '../core/errors.ts'
import { sha256 } from '../core/kdf.ts'
import { importPublicKey, lowerS, type P256PrivateKey, type Signer, verify } from '../core/p256.ts'
import type { TokenKey } from '../core/root-key.ts'
import { parseSpki } from '../core/spki.ts'
import { callTool, readPin, type TokenOptions, type ToolCall } from './pkcs11-tool.ts'

/** P-256 keys on a PKCS#11 token: a smart card, a security key, an HSM, or SoftHSM, which is none and made for tests. */

/** Signs with a key that never leaves its token. */
export type Pkcs11Signer = Signer & { readonly token: TokenKey }

/** What keys made by us are called on the token, for its owner to read; they are found by their id. */
const OBJECT_LABEL = 'handfast'

/**
 * The slot of the token with this label. pkcs11-tool itself takes the first label that begins so, and a PIN offered to the
 * wrong token costs one of its few tries.
 */
const findSlot = async (token: TokenKey, options: TokenOptions): Promise<string> => {
  const { stdout, failure } = await callTool(token, { args: ['--list-token-slots'] }, options)
  if (failure !== null) throw new TokenError('ERR_TOKEN_MISSING', { hint: token.module })
  const listing = Buffer.from(stdout).toString('utf8')
  const slots = Array.from(listing.matchAll(/^Slot \d+ \((0x[0-9a-f]+)\): .*\n +token label +: (.*)$/gm))
  const [found, other] = slots.filter(([, , label = '']) => label.trimEnd() === token.token)
  if (found?.[1] === undefined) throw new TokenError('ERR_TOKEN_MISSING', { hint: token.token })
  if (other !== undefined) throw new TokenError('ERR_TOKEN_MISSING', { hint: `several are called ${token.token}` })
  return found[1]
}

const callOn = async (token: TokenKey, call: ToolCall, options: TokenOptions): Promise<Uint8Array> => {
  const slot = await findSlot(token, options)
  const args = [`--slot=${slot}`, ...call.args, `--id=${token.key}`]
  const { stdout, failure } = await callTool(token, { ...call, args }, options)
  if (failure !== null) throw failure
  return stdout
}

const readPublicKey = async (token: TokenKey, options: TokenOptions): Promise<Uint8Array> => {
  const der = await callOn(token, { args: ['--read-object', '--type=pubkey'] }, options)
  try {
    return parseSpki(der)
  } catch {
    throw new TokenError('ERR_TOKEN_KEY', { hint: token.key })
  }
}

/**
 * A signer for a key on a token, whose public half is known: nothing is asked of the token before it signs, and a PIN that it
 * refused is not offered again, since tokens lock after a few.
 * @param publicKey 33 bytes
 * @returns a signer whose `sign` throws TokenError ERR_TOKEN_*, KeyError ERR_SIGNER, and the signal's reason
 */
export const pkcs11Signer = (token: TokenKey, publicKey: Uint8Array, options: TokenOptions): Pkcs11Signer => {
  let refused: string | undefined
  const sign = async (message: Uint8Array): Promise<Uint8Array> => {
    const pin = await readPin(options)
    if (pin === refused) throw new TokenError('ERR_TOKEN_PIN', { hint: 'it was refused before' })
    // Hashed here: tokens differ in the hashes they know, and all sign 32 bytes.
    const args = ['--sign', '--mechanism=ECDSA', '--signature-format=rs']
    const answer = await callOn(token, { args, pin, input: sha256(message) }, options).catch((error: unknown) => {
      if (error instanceof HandfastError && error.code === 'ERR_TOKEN_PIN') refused = pin
      throw error
    })
    const signature = lowerS(answer)
    if (!verify(publicKey, message, signature)) throw new KeyError('ERR_SIGNER')
    return signature
  }
  return { publicKey: Uint8Array.from(publicKey), token, sign }
}

/**
 * A signer for a P-256 key that is on a token.
 * @throws TokenError ERR_TOKEN_NAME, _TOOL, _MISSING, _KEY, _FAILED; the signal's reason
 */
export const openPkcs11Signer = async (token: TokenKey, options: TokenOptions): Promise<Pkcs11Signer> =>
  pkcs11Signer(token, await readPublicKey(token, options), options)

/** Two keys of one id could not be told apart. @param pin shows the private ones too @throws TokenError ERR_TOKEN_KEY_EXISTS */
const refuseExisting = async (token: TokenKey, pin: string, options: TokenOptions): Promise<void> => {
  const listing = Buffer.from(await callOn(token, { args: ['--list-objects'], pin }, options)).toString('latin1')
  if (new RegExp(`^ +ID: +${token.key}$`, 'm').test(listing))
    throw new TokenError('ERR_TOKEN_KEY_EXISTS', { hint: token.key })
}

/** Whether the key that was just put there is the one that signs: another one of the same id may have been there unseen. */
const proven = async (signer: Pkcs11Signer): Promise<Pkcs11Signer> => {
  await signer.sign(randomBytes(32))
  return signer
}

/**
 * Makes a P-256 key on a token, under an id that is free. It cannot be taken out, so no copy of it exists.
 * @throws TokenError as `openPkcs11Signer`, ERR_TOKEN_PIN, ERR_TOKEN_KEY_EXISTS; KeyError ERR_SIGNER
 */
export const generatePkcs11Key = async (token: TokenKey, options: TokenOptions): Promise<Pkcs11Signer> => {
  const pin = await readPin(options)
  await refuseExisting(token, pin, options)
  const args = ['--keypairgen', '--key-type=EC:prime256v1', '--usage-sign', `--label=${OBJECT_LABEL}`]
  await callOn(token, { args, pin }, options)
  return openPkcs11Signer(token, { ...options, pin })
}

/**
 * Puts a private key onto a token, under an id that is free or holds that key already. It comes there by a pipe, and touches no
 * disk. Not on Windows, which has no pipe that a program can open by name.
 * @throws TokenError as `generatePkcs11Key`; KeyError ERR_SIGNER when the token then signs with another key
 */
export const importPkcs11Key = async (
  token: TokenKey,
  privateKey: P256PrivateKey,
  options: TokenOptions,
): Promise<Pkcs11Signer> => {
  if (process.platform === 'win32') throw new TokenError('ERR_TOKEN_TOOL', { hint: 'not on Windows' })
  const pin = await readPin(options)
  const signer = pkcs11Signer(token, privateKey.publicKey, { ...options, pin })
  const known = await readPublicKey(token, options).catch((error: unknown) => {
    if (error instanceof HandfastError && error.code === 'ERR_TOKEN_KEY') return null
    throw error
  })
  if (known !== null && equal(known, privateKey.publicKey)) return proven(signer)
  await refuseExisting(token, pin, options)
  const objects = [
    ['privkey', privateKey.key.export({ format: 'der', type: 'sec1' })],
    ['pubkey', importPublicKey(privateKey.publicKey).export({ format: 'der', type: 'spki' })],
  ] as const
  try {
    for (const [type, input] of objects) {
      const args = ['--write-object=/dev/stdin', `--type=${type}`, '--usage-sign', `--label=${OBJECT_LABEL}`]
      await callOn(token, { args, pin, input, named: true }, options)
    }
  } finally {
    objects[0][1].fill(0)
  }
  return proven(signer)
}
