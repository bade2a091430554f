import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import type { TokenKey } from '../../src/core/root-key.ts'

/** Tokens of SoftHSM2 in a temporary folder, and programs that pretend to be pkcs11-tool. */

const run = promisify(execFile)

const MODULES = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/lib64/pkcs11/libsofthsm2.so',
  '/usr/local/lib/softhsm/libsofthsm2.so',
  '/opt/homebrew/lib/softhsm/libsofthsm2.so',
]

export const PIN = 'aR0und-the-m00n'

const isInstalled = (command: string): Promise<boolean> =>
  run(command, ['--missing-option']).then(
    () => true,
    ({ code }: { code?: unknown }) => code !== 'ENOENT',
  )

const findModule = async (): Promise<string> => {
  const module = MODULES.find((path) => existsSync(path))
  const missing = [
    ...(module === undefined || !(await isInstalled('softhsm2-util')) ? ['softhsm2'] : []),
    ...((await isInstalled('pkcs11-tool')) ? [] : ['opensc']),
  ]
  if (module === undefined || missing.length > 0)
    throw new Error(
      `these tests need the Debian packages ${missing.join(' and ')}: apt-get install ${missing.join(' ')}`,
    )
  return module
}

export type SoftHsm = {
  /** Makes a token with this label and PIN. */
  add(label: string, pin?: string): Promise<void>
  /** Where a key of this id lies on that token. */
  at(key: string, label?: string): TokenKey
  /** Has pkcs11-tool itself do something, as a token's owner would. */
  tool(label: string, ...args: string[]): Promise<string>
}

/** SoftHSM with one token, Alice, for the rest of this process; a test of its own says when something is not installed. */
export const startSoftHsm = async (): Promise<SoftHsm> => {
  const folder = await mkdtemp(join(tmpdir(), 'handfast-token-'))
  test.after(() => rm(folder, { recursive: true, force: true }))
  const conf = join(folder, 'softhsm2.conf')
  await mkdir(join(folder, 'tokens'))
  await writeFile(
    conf,
    `directories.tokendir = ${join(folder, 'tokens')}\nobjectstore.backend = file\nlog.level = ERROR\n`,
  )
  process.env.SOFTHSM2_CONF = conf
  const module = await findModule()
  const add = async (label: string, pin = PIN): Promise<void> => {
    await run('softhsm2-util', ['--init-token', '--free', '--label', label, '--pin', pin, '--so-pin', `${pin}-so`])
  }
  await add('Alice')
  return {
    add,
    at: (key, label = 'Alice') => ({ module, token: label, key }),
    tool: async (label, ...args) => {
      const { stdout } = await run('pkcs11-tool', [
        `--module=${module}`,
        `--token-label=${label}`,
        '--login',
        `--pin=${PIN}`,
        ...args,
      ])
      return stdout
    },
  }
}

/** A key on no token there is: the pretender knows it by the label Alice. */
export const FAKE: TokenKey = { module: '/nonexistent/module.so', token: 'Alice', key: '01' }

export type Pretender = {
  readonly tool: string
  /** What the script wrote into a file of its folder; null before it did. */
  written(name: string): Promise<string | null>
  /** for scripts, which run in it */
  readonly folder: string
}

/** A program that lists a token called Alice, and then runs `script`, in sh, whatever else it is asked for. */
export const pretend = async (t: TestContext, script: string): Promise<Pretender> => {
  const folder = await mkdtemp(join(tmpdir(), 'handfast-tool-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const tool = join(folder, 'pretender')
  const slots = 'Slot 0 (0x5): of nobody\\n  token label        : Alice\\n'
  const lines = [
    '#!/bin/sh',
    `cd '${folder}'`,
    "cat /proc/$$/cmdline /proc/$PPID/cmdline | tr '\\0' '\\n' >> arguments; env >> environment; echo >> calls",
    `case "$*" in *--list-token-slots*) printf '${slots}'; exit;; esac`,
    script,
  ]
  await writeFile(tool, `${lines.join('\n')}\n`)
  await chmod(tool, 0o700)
  const written = (name: string): Promise<string | null> =>
    readFile(join(folder, name), 'utf8').catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
      throw error
    })
  return { tool, written, folder }
}
