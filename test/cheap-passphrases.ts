import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import type { TestContext } from 'node:test'
import { CHEAP } from './store/folders.ts'

const { argon2 } = crypto
/** Tests of one file may run at once. */
let users = 0

const use = (argon2Now: typeof argon2): void => {
  Object.assign(crypto, { argon2: argon2Now })
  syncBuiltinESMExports()
}

/**
 * A passphrase costs no time in this process until the test is over, though files say what it costs for others: for tests of something
 * else, which call commands that seal as users have it.
 */
export const cheapPassphrases = (t: TestContext): void => {
  users += 1
  if (users === 1) use((algorithm, parameters, done) => argon2(algorithm, { ...parameters, ...CHEAP }, done))
  t.after(() => {
    users -= 1
    if (users === 0) use(argon2)
  })
}
