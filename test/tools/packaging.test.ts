import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { runCli } from '../cli/in-process.ts'

/** The service and the image call the command as it is, and agree with each other. */

const read = (path: string): string => readFileSync(join(import.meta.dirname, '../..', path), 'utf8')
const [unit, image] = ['packaging/handfast-node.service', 'packaging/Dockerfile'].map(read)

const execStart = /^ExecStart=(.+)$/m.exec(unit ?? '')?.[1]?.split(' ') ?? []
const listIn = (name: string): string[] =>
  JSON.parse(new RegExp(`^${name} (\\[.+\\])$`, 'm').exec(image ?? '')?.[1] ?? '[]')
const [entrypoint, command] = [listIn('ENTRYPOINT'), listIn('CMD')]

test('both start the node with the same options, which exist', async () => {
  const main = 'entry/command.cjs'
  assert.deepEqual(entrypoint, ['node', '--disable-sigusr1', main])
  assert.deepEqual(execStart.slice(0, 3), ['/usr/bin/node', '--disable-sigusr1', `/opt/handfast/${main}`])
  const argv = execStart.slice(3)
  assert.deepEqual(argv, command)
  const { stdout } = await runCli(['node', '--help'])
  const options = argv.filter((word) => word.startsWith('--'))
  assert.ok(options.includes('--persistent'))
  for (const option of options) assert.match(stdout, new RegExp(`^ +${option}\\b`, 'm'))
})

test('no memory of the service becomes a file, and no process of the image opens a debugger', () => {
  assert.match(unit ?? '', /^LimitCORE=0$/m)
  for (const [line] of (image ?? '').matchAll(/^.*\["node", "(?!--persistent).*$/gm))
    assert.match(line, /\["node", "--disable-sigusr1", /)
})

test('the health check asks where the node listens', () => {
  const http = command[command.indexOf('--http') + 1]
  assert.match(image ?? '', new RegExp(`fetch\\('http://${http}/healthz'\\)`))
})

test('neither runs as root, and both keep the data in the same folder', () => {
  assert.match(unit ?? '', /^DynamicUser=yes$/m)
  assert.match(image ?? '', /^USER node$/m)
  assert.ok((image ?? '').lastIndexOf('USER ') < (image ?? '').indexOf('ENTRYPOINT'))
  assert.match(unit ?? '', /^Environment=HANDFAST_FOLDER=\/var\/lib\/handfast$/m)
  assert.match(unit ?? '', /^StateDirectory=handfast$/m)
  assert.match(image ?? '', /^ENV HANDFAST_FOLDER=\/var\/lib\/handfast$/m)
})

test('the image is Debian: there are no native libraries for musl', () => {
  const bases = Array.from((image ?? '').matchAll(/^FROM (\S+)/gm), ([, base]) => base)
  assert.equal(new Set(bases).size, 1)
  for (const base of bases) assert.match(base ?? '', /^node:\d+-trixie-slim$/)
})
