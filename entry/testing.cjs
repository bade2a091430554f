const { load } = require('./load.cjs')

/** What `handfast/testing` exports: all that src/testing.ts does. Named here once more, since `import` reads names before anything runs. */

const { createTestNetwork } = load('testing')

module.exports = {
  createTestNetwork,
}
