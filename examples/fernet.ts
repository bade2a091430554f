import { decrypt, encrypt, FernetError, generateKey } from 'handfast/fernet'

// Fernet alone: tokens that any Fernet library reads, and keys as text.

const key = generateKey()
const token = encrypt(key, 'attack at dawn')
console.log(new TextDecoder().decode(decrypt(key, token, { ttl: 60 })))

try {
  decrypt(generateKey(), token)
} catch (error) {
  if (error instanceof FernetError) console.log(error.code)
}
