import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

/** All that is installed is in package-lock.json with its hash, Node itself too: nothing fetches more. */

type Entry = {
  readonly version?: string
  readonly integrity?: string
  readonly link?: boolean
  readonly resolved?: string
  readonly hasInstallScript?: boolean
  readonly dev?: boolean
  readonly optional?: boolean
  readonly os?: string | readonly string[]
  readonly cpu?: string | readonly string[]
  readonly bin?: { readonly [name: string]: string }
}

const readJson = (path: string) => JSON.parse(readFileSync(join(import.meta.dirname, '../..', path), 'utf8'))
const packages: { readonly [path: string]: Entry } = readJson('package-lock.json').packages
const entries = Object.entries(packages).filter(([path]) => path !== '')

test('every package has its hash, and none runs a script when it is installed', () => {
  for (const [path, { integrity, link, resolved, hasInstallScript }] of entries) {
    assert.equal(hasInstallScript, undefined, path)
    // What lies in this repository needs no hash.
    if (link === true) assert.equal(resolved, 'tools/node', path)
    else if (path !== 'tools/node') assert.match(integrity ?? '', /^sha512-[A-Za-z0-9+/]{86}==$/, path)
  }
  assert.equal('allowScripts' in readJson('package.json'), false)
})

test('Node is pinned for each platform, in one version, and is no dependency of users', () => {
  const pinned = readJson('tools/node/package.json')
  const names = Object.keys(pinned.optionalDependencies)
  const nodes = entries.filter(([, { bin }]) => bin?.node !== undefined)
  assert.deepEqual(
    nodes.map(([path]) => path),
    names.map((name) => `node_modules/${name}`),
  )
  for (const [path, { version, dev, optional }] of nodes)
    assert.deepEqual([version, dev, optional], [pinned.version, true, true], path)
  for (const version of Object.values(pinned.optionalDependencies)) assert.equal(version, pinned.version)
  const platforms = nodes.map(([, { os, cpu }]) => `${os} ${cpu}`)
  assert.deepEqual(platforms.toSorted(), ['darwin arm64', 'darwin x64', 'linux arm64', 'linux x64', 'win32 x64'])
})

test('these tests run on it', () => {
  assert.equal(process.versions.node, readJson('tools/node/package.json').version)
})
