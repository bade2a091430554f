import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { EXIT } from '../../src/cli/output/failure.ts'
import { wording } from '../../src/cli/output/wording.ts'
import { ERROR_CODES } from '../../src/core/errors/codes.ts'
import { runCli } from './in-process.ts'

/** docs/cli.md says all that --help says, and nothing that is not so. */

const DOC = readFileSync(join(import.meta.dirname, '../../docs/cli.md'), 'utf8')

const COMMANDS = [
  ...[
    'node',
    'init',
    'network',
    'passphrase',
    'backup',
    'restore',
    'id',
    'lookup',
    'contacts',
    'verify',
    'send',
    'messages',
    'resend',
    'files',
    'mailboxes',
    'key',
  ],
  ...['rotate', 'recover', 'renew', 'retire', 'log', 'export-proof', 'check-proof'],
  ...['listen', 'chat'],
]

const helpOf = async (...argv: string[]): Promise<string> => (await runCli([...argv, '--help'])).stdout

const section = (text: string, title: string): string =>
  new RegExp(`^${title}:\n((?:  .*\n)+)`, 'm').exec(text)?.[1] ?? ''

const commandNames = (help: string): string[] =>
  Array.from(section(help, 'Commands').matchAll(/^ {2}([\w-]+)/gm), ([, name = '']) => name)

/** Everything that looks like `-x, --option <value>` at the beginning of a row. */
const optionsIn = (help: string): string[] =>
  Array.from(help.matchAll(/^ {2}((?:-\w, )?--[\w-]+(?: <\w+>)?) {2}/gm), ([, option = '']) => option)

/** The part of the document about one command. */
const chapter = (command: string): string =>
  new RegExp(`^### \`handfast ${command}\\b[^]*?(?=^##)`, 'm').exec(DOC)?.[0] ?? ''

test('every command and every option of it is in the document', async () => {
  const commands = commandNames(await helpOf()).filter((name) => name !== 'help')
  assert.deepEqual(commands, COMMANDS)
  for (const command of commands) {
    assert.notEqual(chapter(command), '', command)
    const options = optionsIn(section(await helpOf(command), 'Options')).filter((option) => !option.includes('--help'))
    for (const option of options) assert.ok(chapter(command).includes(`\`${option}\``), `${command} ${option}`)
  }
  for (const option of optionsIn(await helpOf())) assert.ok(DOC.includes(`| \`${option}\` |`), option)
})

test('every option in the document exists', async () => {
  const helps = await Promise.all([helpOf(), ...commandNames(await helpOf()).map((name) => helpOf(name))])
  const known = new Set(helps.flatMap((help) => help.match(/--[\w-]+/g) ?? []))
  const named = new Set(DOC.replace(/npm run .*/, '').match(/(?<=[ `])--[a-z][\w-]*/g))
  assert.ok(named.size > 5)
  for (const option of named) assert.ok(known.has(option), option)
})

test('every help has an example', async () => {
  for (const command of COMMANDS) assert.match(await helpOf(command), new RegExp(`Examples?:\n[^]*handfast ${command}`))
})

test('the document knows exactly the events there are', () => {
  const examples = Array.from(DOC.matchAll(/^\{"event".*$/gm), ([line]) => JSON.parse(line))
  assert.deepEqual(examples.map(({ event }) => event).sort(), Object.keys(wording).sort())
  for (const name of Object.keys(wording)) assert.match(DOC, new RegExp(`^\\|.*\`${name}\`.*\\|`, 'm'))
})

test('exit codes and error codes in the document are those of the program', () => {
  for (const code of Object.values(EXIT)) assert.match(DOC, new RegExp(`^\\| ${code} \\|`, 'm'))
  const codes: readonly string[] = ERROR_CODES
  for (const [code] of DOC.matchAll(/ERR_\w+/g)) assert.ok(codes.includes(code), code)
})
