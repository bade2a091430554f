import { Command, InvalidArgumentError, Option } from 'commander'
import { backupCommand } from './commands/backup.ts'
import { chatCommand } from './commands/chat.ts'
import { checkProofCommand } from './commands/check-proof.ts'
import { contactsCommand } from './commands/contacts.ts'
import { exportProofCommand } from './commands/export-proof.ts'
import { filesCommand } from './commands/files.ts'
import { idCommand } from './commands/id.ts'
import { initCommand } from './commands/init.ts'
import { keyCommand } from './commands/key.ts'
import { listenCommand } from './commands/listen.ts'
import { logCommand } from './commands/log.ts'
import { lookupCommand } from './commands/lookup.ts'
import { mailboxesCommand } from './commands/mailboxes.ts'
import { messagesCommand } from './commands/messages.ts'
import { networkCommand } from './commands/network.ts'
import { nodeCommand } from './commands/node.ts'
import { passphraseCommand } from './commands/passphrase.ts'
import { recoverCommand } from './commands/recover.ts'
import { renewCommand } from './commands/renew.ts'
import { resendCommand } from './commands/resend.ts'
import { restoreCommand } from './commands/restore.ts'
import { retireCommand } from './commands/retire.ts'
import { rotateCommand } from './commands/rotate.ts'
import { sendCommand } from './commands/send.ts'
import { verifyCommand } from './commands/verify.ts'
import type { CommandFile, GlobalOptions, Start } from './context.ts'

/** The command line: what holds for every command, and the list of them. */

/** In the order of --help. A new command is a file in commands/ and a line here. */
const COMMANDS: readonly CommandFile[] = [
  nodeCommand,
  initCommand,
  networkCommand,
  passphraseCommand,
  backupCommand,
  restoreCommand,
  idCommand,
  lookupCommand,
  contactsCommand,
  verifyCommand,
  sendCommand,
  messagesCommand,
  resendCommand,
  filesCommand,
  mailboxesCommand,
  keyCommand,
  rotateCommand,
  recoverCommand,
  renewCommand,
  retireCommand,
  logCommand,
  exportProofCommand,
  checkProofCommand,
  listenCommand,
  chatCommand,
]

export type ProgramParts = {
  readonly version: string
  /** what holds where the command line says nothing */
  readonly defaults: Pick<GlobalOptions, 'folder' | 'network'>
  readonly start: Start
  /** Takes help and version. */
  readonly write: (text: string) => void
}

const EXAMPLES = `
Examples, on one machine; --network can also be HANDFAST_NETWORK:
  handfast node --port 4000                                     a network of your own
  handfast init                                                 an identity, once
  handfast listen --network 127.0.0.1:4000                      shows your address, and waits
  handfast chat --folder ./bob --network 127.0.0.1:4000 hf1…    from Bob's data folder

Exit codes: 0 done, 1 failed, 2 not understood, 130 interrupted.`

export const createProgram = ({ version, defaults, start, write }: ProgramParts): Command => {
  const program = new Command('handfast')
    .description('Two peers get each other’s right key and talk in private: no server, no account.')
    .version(version, '-V, --version', 'print the version')
    .addOption(
      new Option('--folder <dir>', 'data folder; also HANDFAST_FOLDER')
        .default(defaults.folder, defaults.folder || 'none')
        .argParser(readFolder),
    )
    .addOption(
      new Option(
        '--network <network>',
        'public, lan, or nodes of your own, host:port[,host:port…]; also HANDFAST_NETWORK',
      ).default(defaults.network, defaults.network || 'that of the data folder'),
    )
    .option('--passphrase-file <file>', 'what the data folder is sealed under; also HANDFAST_PASSPHRASE')
    .option('--clock-is-right', 'the clock of this computer is right, whatever the network says')
    .option('--no-beacon', 'neither ask the local network for whom you look for, nor answer there')
    .option('--without-database', 'go on though handfast.db is lost: without contacts, and what was seen of others')
    .option('--json', 'one JSON object per line, for programs')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ writeOut: write, writeErr: () => {}, outputError: () => {} })
    .exitOverride()
    .addHelpText('after', EXAMPLES)
  for (const add of COMMANDS) add(program, start)
  return program
}

/** What an option would say that is missing, or comes from elsewhere. @throws InvalidArgumentError */
export const refuseOption = (hint: string): never => {
  throw new InvalidArgumentError(hint)
}

const readFolder = (text: string): string => {
  // An unset variable of a script must not put an identity into the current folder.
  if (text === '') refuseOption('It is empty.')
  return text
}
