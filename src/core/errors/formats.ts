import type { ErrorTable } from './text.ts'

/** Codes of encodings, keys and addresses. */

const NO_TOKEN = 'take the token over whole and unchanged, and check that it is a Fernet token'
const DAMAGED = 'do not use it: it was damaged, or made by another program'
const SAME_CALL = 'pass the bytes as they were made; nothing was done with these'
const COPY_ADDRESS = 'ask the owner for the address again, and copy it whole'

export const FERNET = {
  ERR_FERNET_KEY: [
    'a Fernet key is 32 bytes, or their 44-character base64url text',
    'pass the key as it was generated',
  ],
  ERR_FERNET_OPTION: ['a Fernet option is outside its range', 'correct the option that the brackets name'],
  ERR_FERNET_BASE64: ['the token is not canonical base64url text', NO_TOKEN],
  ERR_FERNET_VERSION: ['the token does not start with Fernet version 0x80', NO_TOKEN],
  ERR_FERNET_LENGTH: ['the token has an impossible length', NO_TOKEN],
  ERR_FERNET_MAC: [
    'the token does not verify under this key',
    'use the key that it was made with; if that is this one, the token was changed: drop it',
  ],
  ERR_FERNET_PADDING: ['the token decrypts to invalid padding', 'drop it: whoever made it does not follow the format'],
  ERR_FERNET_EXPIRED: ['the token is older than its time to live', 'ask for a new token'],
  ERR_FERNET_FUTURE: [
    'the token was made more than 60 s in the future',
    'compare the clock of this computer with that of the other one',
  ],
} as const satisfies ErrorTable

export const ENCODING = {
  ERR_CBOR: ['the bytes are not deterministic CBOR', DAMAGED],
  ERR_FIELD: ['a decoded value does not have the shape it must have', DAMAGED],
  ERR_COSE: ['the bytes are not a COSE_Sign1 envelope of this protocol', DAMAGED],
  ERR_COSE_SIZE: ['the envelope is larger than an item may be', DAMAGED],
  ERR_PADDING: ['the plaintext is not padded as it must be', DAMAGED],
} as const satisfies ErrorTable

export const KEY = {
  ERR_P256_POINT: ['the bytes are not a compressed point on P-256', SAME_CALL],
  ERR_P256_SCALAR: ['the bytes are not a P-256 private key', SAME_CALL],
  ERR_KEM_KEY: ['the bytes are not an ML-KEM-768 key', SAME_CALL],
  ERR_KEM_CIPHERTEXT: ['the bytes are not an ML-KEM-768 ciphertext', SAME_CALL],
  ERR_PHRASE: [
    'the recovery phrase is not 24 words of the list with a matching checksum',
    'look at the words that the brackets name, as they were written down, with their numbers if you have them',
  ],
  ERR_PHRASE_OTHER: [
    'the recovery phrase belongs to another identity',
    'look for the words that were shown with this address; nothing was changed',
  ],
  ERR_KEY_FORMAT: [
    'the text is not a public P-256 key as JWK, SPKI PEM or did:key',
    'give one public key in one of these forms',
  ],
  ERR_KEY_OTHER: [
    'the key is none of the present keys of this identity',
    'do not use it for this address; ask the owner in another way which key is theirs',
  ],
  ERR_SIGNER: [
    'the signer did not give a signature of this key',
    'check which key the signer uses: on a token another one may have the same id; the identity is as it was',
  ],
  ERR_ROOT_ELSEWHERE: [
    'the root key is not in the data folder: what holds it has to sign',
    'give a signer for the root key, or rotate with the recovery phrase',
  ],
  ERR_ROOT_OTHER: [
    'the key that would sign is not the root key of this identity',
    'look for the key that was used for this address; nothing was changed',
  ],
} as const satisfies ErrorTable

export const TOKEN = {
  ERR_TOKEN_NAME: [
    'a key on a token is named by the path of a PKCS#11 module, a token label, and a key id in hex',
    'correct the part that the brackets name',
  ],
  ERR_TOKEN_TOOL: [
    'pkcs11-tool is missing or does not run',
    'install OpenSC (in Debian the package opensc), and see that pkcs11-tool is found by PATH',
  ],
  ERR_TOKEN_MISSING: [
    'the PKCS#11 module does not load, or shows no such token',
    'pkcs11-tool --module … --list-token-slots shows the labels of the tokens that are there',
  ],
  ERR_TOKEN_PIN: [
    'the token did not accept the PIN, or none was given',
    'it was not tried again: most tokens lock after three wrong PINs',
  ],
  ERR_TOKEN_KEY: [
    'the token shows no P-256 key of that id',
    'pkcs11-tool --module … --list-objects shows the ids that are there',
  ],
  ERR_TOKEN_KEY_EXISTS: ['the token holds a key of that id already', 'choose another id, or use that key'],
  ERR_TOKEN_FAILED: [
    'the token failed, or did not answer in time',
    'plug the token in again and touch it when it blinks; the identity is as it was',
  ],
} as const satisfies ErrorTable

export const ADDRESS = {
  ERR_ADDRESS_FORMAT: ['an address is hf1 followed by 58 lower-case letters and digits', COPY_ADDRESS],
  ERR_ADDRESS_PREFIX: [
    'the address is not a Handfast address: it must start with hf1',
    'give an address that begins with hf1, or the name of a contact where one is taken',
  ],
  ERR_ADDRESS_LENGTH: ['the address is too short or too long', COPY_ADDRESS],
  ERR_ADDRESS_CHECKSUM: ['the address has a typo: its checksum does not match', COPY_ADDRESS],
} as const satisfies ErrorTable
