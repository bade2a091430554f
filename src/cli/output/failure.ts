import { CommanderError } from 'commander'
import { type ErrorCode, HandfastError, UsageError } from '../../core/errors.ts'
import type { Reason } from './events.ts'

/** What a command that failed says, and with which code it exits. */

export const EXIT = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const

export type Failure = {
  readonly exitCode: number
  /** null for a failure nobody thought of */
  readonly code: ErrorCode | null
  readonly message: string
  /** what the reader can do about it */
  readonly hint: string
}

const CHECK_ADDRESS = 'ask the owner for the address again, and copy it whole'
const CHECK_FOLDER = 'choose another data folder with --folder, or HANDFAST_FOLDER'
const NOT_THEM =
  'nothing was sent: what answered did not prove to be that peer. Try again later, and ask its owner if this stays'
const NOT_AGREED = 'do not trust this address before its owner has explained it to you in another way'
const SEE_HELP = 'handfast --help tells how commands are written'
const TRY_LATER = 'try again; if this stays, ask whoever runs the bootstrap node whether it is up'

/** For the codes a command can end with; the others have advice by class. */
const ADVICE: { readonly [C in ErrorCode]?: string } = {
  ERR_ADDRESS_CHECKSUM: CHECK_ADDRESS,
  ERR_BACKUP_SIZE: 'forget contacts that are not needed any more: handfast contacts --forget',
  ERR_BOOTSTRAP_MISSING:
    'give --bootstrap host:port, or set HANDFAST_BOOTSTRAP; handfast node starts a network of your own',
  ERR_BOOTSTRAP_FORMAT: 'for example --bootstrap 127.0.0.1:4000, or several separated by commas',
  ERR_CONTACT: 'handfast contacts tells whom you know; an address is looked up',
  ERR_CONTACT_NAME: 'choose another name',
  ERR_VERIFY: 'read the digits again with the owner; if they fit neither log, the owner should run handfast rotate',
  ERR_KEYS_REPLACED: 'connect again: its owner has new keys',
  ERR_CONNECT:
    'the peer may have gone since its card was published: ask its owner to run handfast listen, or leave a message with handfast send',
  ERR_CONNECTION_LOST: 'the last lines may not have arrived; start again to go on',
  ERR_FILE_READ: 'check its name, and whether you may read it',
  ERR_LOG_FORK: 'ask its owner which log is the right one, then handfast verify',
  ERR_FILE_UNKNOWN: 'handfast files shows their numbers; only what is under way can be given up',
  ERR_FILE_WRITE: 'choose a name that is free, in a folder you may write to that has room',
  ERR_KEY_FORMAT: 'give one public key, as handfast key prints it',
  ERR_KEY_OTHER: 'do not use it for this address; ask the owner in another way which key is theirs',
  ERR_LOG_RETIRED: 'a retired identity is not taken up again: handfast init makes a new one',
  ERR_LOG_TIME_AHEAD: 'check the clock of this computer; if it is right, the log was made with a wrong one',
  ERR_LOOPBACK_ONLY: 'on 127.0.0.0/8 nothing leaves this machine: give --host another address, or a list of nodes here',
  ERR_LOOKUP_NOT_FOUND: 'has its owner run handfast listen on this network? records are forgotten after 7 days',
  ERR_LOOKUP_INCOMPLETE: TRY_LATER,
  ERR_MAILBOX_COUNT: 'remove one first: handfast mailboxes hf1… --remove',
  ERR_MAILBOX_UNNAMED: 'handfast mailboxes tells which are yours',
  ERR_NETWORK_HOST: 'give --host an address of this machine, such as 127.0.0.1',
  ERR_NETWORK_UNREACHABLE: 'check --bootstrap, and that a handfast node runs there',
  ERR_PEER_NO_CARD: 'ask its owner to run handfast listen',
  ERR_PEER_RETIRED: 'ask its owner for the new address',
  ERR_PEER_SELF: 'give the address of somebody else, or another identity with --folder',
  ERR_PEER_SUPERSEDED: 'the recovery phrase puts it right: nobody else can do what it does',
  ERR_PHRASE: 'check the words and their order against what you wrote down; a missing or swapped word is enough',
  ERR_PHRASE_OTHER: 'look for the words that were shown with this address; nothing was changed',
  ERR_PORT_DENIED: 'choose a port above 1023, or 0 for any free one',
  ERR_PORT_IN_USE: 'choose another port, or 0 for any free one',
  ERR_PROOF: 'nothing is proven by it',
  ERR_PUBLISH_REFUSED: TRY_LATER,
  ERR_REMOTE: 'the code in brackets is what the other side gave as its reason',
  ERR_ROLLBACK: NOT_AGREED,
  ERR_ROOT_ELSEWHERE: 'name the token with --pkcs11-module, --pkcs11-token and --pkcs11-key, or use handfast rotate',
  ERR_ROOT_OTHER: 'look for the token that was used for this address; nothing was changed',
  ERR_SIGNER: 'another key of the same id may be on the token; the identity is as it was',
  ERR_STORAGE_ADDRESS: 'run it where others can reach it: with a public address, or a forwarded UDP port',
  ERR_STORE_CORRUPT:
    'delete it if it is records.db, which others fill again. Else keep it for now, and use another folder: handfast restore takes a backup, handfast recover the recovery phrase',
  ERR_STORE_EXISTS: 'it is untouched; make another one with --folder',
  ERR_STORE_FULL: 'make room, or choose another data folder with --folder',
  ERR_STORE_IN_USE: 'stop the other one first (handfast listen, chat, or a program that embeds it)',
  ERR_STORE_KEY_FILE:
    'put identity.key and identity.json back from the same backup; else handfast recover, with the phrase',
  ERR_STORE_LOCKED: 'give --passphrase-file, or set HANDFAST_PASSPHRASE; at a terminal it is asked for',
  ERR_STORE_MISSING: 'handfast init creates one; --folder or HANDFAST_FOLDER says in which folder',
  ERR_STORE_PASSPHRASE:
    'try again; if it is lost, handfast recover makes new keys in another folder, with the recovery phrase',
  ERR_STORE_VERSION: 'use the version of handfast that wrote it',
  ERR_TIMEOUT: 'try again in a moment',
  ERR_TOKEN_FAILED: 'plug the token in again and touch it when it blinks; the identity is as it was',
  ERR_TOKEN_KEY:
    'pkcs11-tool --module … --list-objects shows the ids; --pkcs11-generate makes a key with handfast init',
  ERR_TOKEN_KEY_EXISTS: 'choose another id with --pkcs11-key, or leave --pkcs11-generate out to use that key',
  ERR_TOKEN_MISSING: 'pkcs11-tool --module … --list-token-slots shows the labels of the tokens that are there',
  ERR_TOKEN_NAME: 'for example --pkcs11-module /usr/lib/softhsm/libsofthsm2.so --pkcs11-token Alice --pkcs11-key 01',
  ERR_TOKEN_PIN: 'it was not tried again: most tokens lock after three wrong PINs',
  ERR_TOKEN_TOOL: 'install OpenSC (in Debian the package opensc), and see that pkcs11-tool is found by PATH',
}

const ADVICE_BY_CLASS: Readonly<Record<string, string>> = {
  AddressError: CHECK_ADDRESS,
  CardError: NOT_THEM,
  DirectoryError: TRY_LATER,
  HandshakeError: NOT_THEM,
  KeyLogError: NOT_THEM,
  MailboxError: TRY_LATER,
  NetworkError: TRY_LATER,
  PeerError: 'try again; if this stays, both sides may have different versions of handfast',
  SessionError: 'the conversation was ended to be safe; start again to go on',
  StoreError: CHECK_FOLDER,
  TokenError: 'check the token; the identity is as it was',
  UsageError: SEE_HELP,
}

const UNEXPECTED = 'this should not happen: set HANDFAST_DEBUG=1 to see where it came from, and please report it'

/** Errors of the command line's parser are ours to word; their help and version are no failures and give null. */
export const describeFailure = (error: unknown): Failure | null => {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return null
    const hint =
      error.code === 'commander.help'
        ? 'no command was given'
        : error.message.replace(/^error: /, '').replace(/\s+/g, ' ')
    return describeFailure(new UsageError('ERR_USAGE', { hint, cause: error }))
  }
  if (error instanceof HandfastError) {
    const exitCode = error instanceof UsageError ? EXIT.usage : EXIT.failed
    const hint = ADVICE[error.code] ?? ADVICE_BY_CLASS[error.name] ?? SEE_HELP
    return { exitCode, code: error.code, message: error.message, hint }
  }
  const message = error instanceof Error ? error.message : String(error)
  return { exitCode: EXIT.failed, code: null, message: `unexpected failure: ${message}`, hint: UNEXPECTED }
}

/** What went wrong with a part of a command that goes on. */
export const reasonOf = (error: unknown): Reason => ({
  code: error instanceof HandfastError ? error.code : null,
  message: error instanceof Error ? error.message : String(error),
})

/** Where an error came from, for whoever asked with HANDFAST_DEBUG: stacks only, for other properties could be anything. */
export const trace = (error: unknown): readonly string[] => {
  if (!(error instanceof Error)) return []
  return [...(error.stack ?? '').split('\n'), ...trace(error.cause)]
}
