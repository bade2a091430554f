import { Command, InvalidArgumentError, Option } from 'commander'
import { DEFAULT_POLICY, POLICIES, type Policy } from '../directory/client/policies.ts'
import { addBackupCommands } from './commands/backup-commands.ts'
import { addContactCommands } from './commands/contact-commands.ts'
import { addFiles } from './commands/files-command.ts'
import type { InitOptions } from './commands/init.ts'
import { addKey } from './commands/key-command.ts'
import { addMailboxes } from './commands/mailboxes-command.ts'
import { addNode } from './commands/node-command.ts'
import { addRecovery } from './commands/recovery-commands.ts'
import { tokenOptions } from './commands/token-options.ts'
import type { GlobalOptions, Start } from './context.ts'
import { EXIT } from './output/failure.ts'

/** The commands, their options and their help. What a command does is loaded when it is called. */

export type ProgramParts = {
  readonly version: string
  /** what holds where the command line says nothing */
  readonly defaults: Pick<GlobalOptions, 'folder' | 'bootstrap'>
  readonly start: Start
  /** Takes help and version. */
  readonly write: (text: string) => void
}

type FileFlags = { readonly acceptFiles?: boolean; readonly download?: string }

const EXAMPLES = `
Examples, on one machine; --bootstrap can also be HANDFAST_BOOTSTRAP:
  handfast node --port 4000                                       a network of your own
  handfast init                                                   an identity, once
  handfast listen --bootstrap 127.0.0.1:4000                      shows your address, and waits
  handfast chat --folder ./bob --bootstrap 127.0.0.1:4000 hf1…    from Bob's data folder

Exit codes: 0 done, 1 failed, 2 not understood, 130 interrupted.`

export const createProgram = ({ version, defaults, start, write }: ProgramParts): Command => {
  const program = new Command('handfast')
    .description('Two peers get each other’s right key and talk in private: no server, no account.')
    .version(version, '-V, --version', 'print the version')
    .addOption(
      new Option('--folder <dir>', 'data folder; also HANDFAST_FOLDER').default(defaults.folder).argParser(readFolder),
    )
    .addOption(
      new Option('--bootstrap <list>', 'nodes of the network, host:port[,host:port…]; also HANDFAST_BOOTSTRAP').default(
        defaults.bootstrap,
        defaults.bootstrap || 'none',
      ),
    )
    .option('--passphrase-file <file>', 'what the data folder is sealed under; also HANDFAST_PASSPHRASE')
    .option('--json', 'one JSON object per line, for programs')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeOut: write, writeErr: () => {}, outputError: () => {} })
    .exitOverride()
    .addHelpText('after', EXAMPLES)

  addNode(program, start)

  tokenOptions(program.command('init'))
    .option('--pkcs11-generate', 'make that key on the token')
    .summary('make an identity, and show its recovery phrase once')
    .description('Makes an identity in the data folder, and shows its address and its recovery phrase: once.')
    .option('--no-check', 'do not ask for words of the recovery phrase')
    .addHelpText('after', '\nExample:\n  handfast init --folder ./alice')
    .action((options: InitOptions) =>
      start(async (context) => {
        const { init } = await import('./commands/init.ts')
        return init(context, options)
      }, EXIT.interrupted),
    )

  program
    .command('passphrase')
    .option('--new-passphrase-file <file>', 'its first line is the new one; also HANDFAST_NEW_PASSPHRASE')
    .option('--remove', 'no passphrase any more: a key file in the data folder instead')
    .summary('set, change or remove the passphrase of the data folder')
    .description('Changes what the private keys in the data folder are sealed under. Needs no network.')
    .addHelpText('after', '\nExamples:\n  handfast passphrase\n  handfast passphrase --remove')
    .action((options: { newPassphraseFile?: string; remove?: boolean }) =>
      start(async (context) => {
        const { passphrase } = await import('./commands/passphrase.ts')
        const { newPassphraseFile, remove = false } = options
        return passphrase(context, { newPassphraseFile, remove })
      }, EXIT.interrupted),
    )

  addBackupCommands(program, start)

  program
    .command('id')
    .summary('print your own address')
    .description('Prints the address of the identity in the data folder. Needs no network.')
    .addHelpText('after', '\nExample:\n  handfast id --json')
    .action(() =>
      start(async (context) => {
        const { id } = await import('./commands/id.ts')
        return id(context)
      }, EXIT.interrupted),
    )

  program
    .command('lookup')
    .argument('<address>', 'hf1…')
    .summary('tell what the network knows of an address')
    .description(
      'Finds an identity, verifies it to its address, and tells what the answer rests on. Needs no identity.',
    )
    .addOption(new Option('--policy <name>', 'how hard to look').choices(POLICIES).default(DEFAULT_POLICY))
    .option('--evidence', 'tell all of what the answer rests on')
    .addHelpText('after', '\nExample:\n  handfast lookup hf1… --evidence --bootstrap 127.0.0.1:4000')
    .action((address: string, { policy, evidence = false }: { policy: Policy; evidence?: boolean }) =>
      start(async (context) => {
        const { lookup } = await import('./commands/lookup.ts')
        return lookup(context, address, { policy, evidence })
      }, EXIT.interrupted),
    )

  addContactCommands(program, start)
  addFiles(program, start)
  addMailboxes(program, start)

  addKey(program, start)
  addRecovery(program, start)

  addFileOptions(program.command('listen'))
    .option('--mailbox', 'also keep a mailbox for those who name you as one')
    .summary('be found, and talk to whoever comes')
    .description(
      `Publishes where this peer is, and talks to all who come. What you type goes to the peer that connected or spoke last.\n\n${TYPED}`,
    )
    .addHelpText(
      'after',
      '\nExample:\n  handfast listen --accept-files --download ~/Downloads --bootstrap 127.0.0.1:4000',
    )
    .action((options: FileFlags & { mailbox?: boolean }) =>
      start(async (context) => {
        const { listen } = await import('./commands/listen.ts')
        return listen(context, { mailbox: options.mailbox === true, ...fileOptions(options) })
      }, EXIT.done),
    )

  addFileOptions(program.command('chat').argument('<contact>', 'hf1…, or the name of a contact'))
    .option('--stay', 'when the piped input ends, stay until the other side leaves')
    .summary('talk to a peer')
    .description(
      `Connects to the owner of an address and talks. What is piped in is sent, and then it says goodbye.\n\n${TYPED}`,
    )
    .addHelpText(
      'after',
      '\nExamples:\n  handfast chat hf1… --bootstrap 127.0.0.1:4000\n  echo /file report.pdf | handfast chat hf1…',
    )
    .action((contact: string, options: FileFlags & { stay?: boolean }) =>
      start(async (context) => {
        const { chat } = await import('./commands/chat.ts')
        return chat(context, { contact, stay: options.stay === true, ...fileOptions(options) })
      }, EXIT.done),
    )

  return program
}

const TYPED =
  'Typed: a line of text, //… for one that begins with a slash, /file PATH to send a file, /files and /cancel for those under way, /quit or Ctrl-D to say goodbye.'

const addFileOptions = (command: Command): Command =>
  command
    .option('--accept-files', 'save the files that peers offer; without it they are refused')
    .option('--download <dir>', 'where to save them (default: the folder "received" in the data folder)')

const fileOptions = ({ acceptFiles = false, download }: FileFlags) => ({ acceptFiles, download })

const readFolder = (text: string): string => {
  // An unset variable of a script must not put an identity into the current folder.
  if (text === '') throw new InvalidArgumentError('It is empty.')
  return text
}
