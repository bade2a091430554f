const { load } = require('./load.cjs')

/** What `handfast/fernet` exports: all that src/fernet.ts does. Named here once more, since `import` reads names before anything runs. */

const { FernetError, decrypt, encrypt, generateKey } = load('fernet')

module.exports = {
  FernetError,
  decrypt,
  encrypt,
  generateKey,
}
