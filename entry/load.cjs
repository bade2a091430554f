/**
 * What stands between a program and the library, and why: a Node that is too old refuses code it cannot read before it runs any of it, with
 * words about a missing module or an unexpected sign. The files in this folder any Node since 16 can read, so they can say what is wrong.
 * CommonJS, so that `import` and `require` both find the same library. In a checkout they lead to the sources, in a published package,
 * which has none, to what was built from them.
 */
const { existsSync } = require('node:fs')
const { join } = require('node:path')

/** package.json says the same to package managers, in `engines`. */
const OLDEST_NODE = [24, 15]

/** One sentence when this Node cannot run Handfast, undefined when it can. */
exports.nodeComplaint = (version = process.versions.node) => {
  const [major, minor] = version.split('.').map(Number)
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return undefined
  return `Handfast needs Node.js ${OLDEST_NODE.join('.')} or newer, and this is Node.js ${version}`
}

/** Where a module of the library lies: `name` is its path in src, without the ending. */
exports.locate = (name) => {
  const source = join(__dirname, '../src', `${name}.ts`)
  return existsSync(source) ? source : join(__dirname, '../dist', `${name}.js`)
}

/** What a module of the library exports. @throws Error ERR_NODE_VERSION */
exports.load = (name) => {
  const complaint = exports.nodeComplaint()
  if (complaint !== undefined) throw Object.assign(new Error(complaint), { code: 'ERR_NODE_VERSION' })
  return require(exports.locate(name))
}
