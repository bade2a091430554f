/**
 * Brings `node_modules` to what package-lock.json says, before a script runs. Any Node >= 18 can run it, with nothing installed.
 * When all is well it only reads, in well under 100 ms. Otherwise it runs `npm ci` once, however many scripts started together. No package runs
 * a script when it is installed: all that comes is in package-lock.json, with its hash.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, realpathSync, renameSync, rmdirSync, statSync, utimesSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
/** `npm ci` empties node_modules, so the lock stands beside it. A folder, because mkdir is atomic everywhere. */
const LOCK = join(ROOT, '.setup-lock')
const LOCK_TOUCH_MS = 2_000
/** Its owner touches the lock every 2 s: one that was left alone for 20 s belongs to a process that was killed. */
const LOCK_STALE_MS = 20_000
const LOCK_POLL_MS = 100

/** Runs nothing that it installs, installs development tools whatever NODE_ENV says, asks no question, takes what the cache has. */
const NPM_CI = [
  ...['ci', '--ignore-scripts', '--include=dev', '--include=optional', '--bin-links'],
  ...['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'],
]
const NO_NETWORK =
  /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT)\b/

function say(line) {
  process.stderr.write(`setup: ${line}\n`)
}

function readJson(path) {
  return JSON.parse(readFileSync(join(ROOT, path), 'utf8'))
}

/** What is wrong with the packages in node_modules; undefined when they are those of package-lock.json. */
function packagesProblem() {
  const wanted = readJson('package-lock.json').packages
  let installed
  try {
    // npm writes this file last: after an interrupted install it is not there.
    installed = readJson('node_modules/.package-lock.json').packages
  } catch {
    return existsSync(join(ROOT, 'node_modules')) ? 'the last install did not finish' : 'nothing is installed yet'
  }
  for (const [path, want] of Object.entries(wanted)) {
    if (path === '') continue
    const have = installed[path]
    if (have === undefined && want.optional) continue // another platform's binary
    if (have === undefined || have.version !== want.version || have.integrity !== want.integrity) {
      return `${path} is not what package-lock.json says`
    }
    if (!existsSync(join(ROOT, path, 'package.json'))) return `${path} is incomplete`
  }
  return undefined
}

/** The Node that is pinned for this machine: `tools/node/package.json` names one package for each platform. */
function pinnedNode() {
  for (const [path, { version, os, cpu, bin }] of Object.entries(readJson('package-lock.json').packages)) {
    const isNode = /^node_modules\/node-[^/]+$/.test(path) && bin?.node !== undefined
    if (isNode && [os].flat().includes(process.platform) && [cpu].flat().includes(process.arch))
      return { version, binary: `${path}/${bin.node}` }
  }
  return undefined
}

/** What is wrong with the pinned Node; undefined when it runs, and is what scripts find as `node`. */
function nodeProblem() {
  const { version: want, binary } = pinnedNode()
  if (!existsSync(join(ROOT, binary))) return `${binary} is missing`
  if (process.platform !== 'win32') {
    const linked = join(ROOT, 'node_modules/.bin/node')
    if (!existsSync(linked)) return 'node_modules/.bin/node is missing'
    if (realpathSync(linked) !== realpathSync(join(ROOT, binary))) return `node_modules/.bin/node is not ${binary}`
  }
  const { error, stdout, stderr } = spawnSync(join(ROOT, binary), ['--version'], { encoding: 'utf8' })
  if (error) return `${binary} does not start (${error.code})`
  if (stdout.trim() === `v${want}`) return undefined
  return `${binary} is not version ${want}: it says "${(stdout || stderr).trim().split('\n')[0]}"`
}

/** The npm that runs this script, if one does; else the one on PATH. */
function npmCommand() {
  const cli = process.env.npm_execpath
  if (cli && /npm-cli\.[cm]?js$/.test(cli) && existsSync(cli)) {
    // Not process.execPath: that may be the pinned Node, which `npm ci` deletes under our feet.
    const node = process.env.npm_node_execpath
    return { command: node && existsSync(node) ? node : process.execPath, args: [cli, ...NPM_CI], shell: false }
  }
  const windows = process.platform === 'win32'
  return { command: windows ? 'npm.cmd' : 'npm', args: NPM_CI, shell: windows }
}

/** Runs `npm ci`; resolves to undefined, or to a sentence about the failure. */
function install() {
  const { command, args, shell } = npmCommand()
  // npm's words go to stderr: stdout belongs to the script that follows.
  const npm = spawn(command, args, { cwd: ROOT, shell, stdio: ['ignore', 2, 'pipe'] })
  let words = ''
  npm.stderr.on('data', (chunk) => {
    process.stderr.write(chunk)
    words = (words + chunk).slice(-20_000)
  })
  const stop = (signal) => npm.kill(signal)
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  for (const signal of signals) process.on(signal, stop)
  return new Promise((resolve) => {
    npm.on('error', (error) => {
      const missing = error.code === 'ENOENT'
      resolve(
        missing
          ? 'npm was not found: install it (it comes with Node.js), then run this again'
          : `npm did not start: ${error.message}`,
      )
    })
    npm.on('close', (code, signal) => {
      for (const name of signals) process.off(name, stop)
      if (code === 0) resolve(undefined)
      else if (signal !== null) resolve(`npm ci was stopped (${signal})`)
      else if (NO_NETWORK.test(words))
        resolve('the package registry cannot be reached: connect to the network, then run this again')
      else resolve(`npm ci failed with exit code ${code}: see its words above`)
    })
  })
}

function age(path) {
  try {
    return Date.now() - statSync(path).mtimeMs
  } catch {
    return 0 // gone: no longer stale
  }
}

/** Moves a dead owner's lock aside. A rename has one winner; if it caught a lock that came to life meanwhile, that goes back. */
function breakStaleLock() {
  const aside = `${LOCK}-${process.pid}`
  try {
    renameSync(LOCK, aside)
    if (age(aside) > LOCK_STALE_MS) rmdirSync(aside)
    else renameSync(aside, LOCK)
  } catch {
    // Another process was faster.
  }
}

/** Waits for the lock; returns the function that releases it. */
async function takeLock() {
  for (let told = false; ; ) {
    try {
      mkdirSync(LOCK)
      break
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
    if (age(LOCK) > LOCK_STALE_MS) {
      breakStaleLock()
      continue
    }
    if (!told) say('another script is installing the dependencies: waiting for it')
    told = true
    await sleep(LOCK_POLL_MS)
  }
  const heartbeat = setInterval(() => {
    try {
      utimesSync(LOCK, new Date(), new Date())
    } catch {
      // Broken by someone who thought us dead: nothing left to keep alive.
    }
  }, LOCK_TOUCH_MS)
  return () => {
    clearInterval(heartbeat)
    try {
      rmdirSync(LOCK)
    } catch {
      // Already gone.
    }
  }
}

/** Resolves to undefined when everything is installed, else to the sentence that says why not. */
async function setup() {
  if (pinnedNode() === undefined)
    return `no Node is pinned for ${process.platform} on ${process.arch}: there is one for Linux, macOS and Windows, see tools/node/package.json`
  if ((packagesProblem() ?? nodeProblem()) === undefined) return undefined
  const release = await takeLock()
  try {
    const problem = packagesProblem() ?? nodeProblem()
    if (problem === undefined) return undefined // the script we waited for installed everything
    say(`installing the dependencies with npm ci: ${problem}`)
    const failure = await install()
    if (failure !== undefined) return failure
    const incomplete = packagesProblem()
    if (incomplete !== undefined) return `npm ci ended, but ${incomplete}`
    const noNode = nodeProblem()
    if (noNode === undefined) return undefined
    return `npm ci ended, but ${noNode}. It needs Linux with glibc, macOS or Windows`
  } finally {
    release()
  }
}

let failure
try {
  failure = await setup()
} catch (error) {
  failure = error.code === 'ENOENT' ? `a file is missing: ${error.path}` : error.message
}
if (failure !== undefined) {
  say(failure)
  process.exitCode = 1
}
