import { CommanderError } from 'commander'
import { errorOf } from '../../core/error-of.ts'
import { type ErrorCode, HandfastError, UsageError } from '../../core/errors.ts'
import { reason } from './format.ts'
import type { Reason } from './talk-events.ts'

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

const CHOOSE_FOLDER = 'choose another data folder with --folder, or HANDFAST_FOLDER'

/** Where a command or an option helps, it is named; for any other code the error's own advice is given. */
const ADVICE: { readonly [C in ErrorCode]?: string } = {
  ERR_BACKUP_SIZE: 'forget contacts that are not needed any more: handfast contacts --forget',
  ERR_NETWORK_MISSING:
    'give --network public (the HyperDHT network, of nodes that strangers keep), --network lan (nothing beyond the local network), or --network host:port (nodes of your own; handfast node starts one). HANDFAST_NETWORK does it too, and handfast network for good',
  ERR_NETWORK_FORMAT: 'for example --network lan, or --network 127.0.0.1:4000, or several nodes separated by commas',
  ERR_CLOCK:
    'set the clock of this computer; if it is right, --clock-is-right does it all the same, or other nodes take it (--network)',
  ERR_CONTACT: 'handfast contacts tells whom you know; anybody else is named by address (hf1…) or link (handfast:hf1…)',
  ERR_VERIFY: 'read the digits again with the owner; if they fit neither log, the owner should run handfast rotate',
  ERR_CONNECT:
    'the peer may have gone since its card was published: ask its owner to run handfast listen, or leave a message with handfast send',
  ERR_LOG_FORK: 'ask its owner which log is the right one, then handfast verify',
  ERR_FILE_UNKNOWN: 'handfast files shows their numbers; only what is under way can be given up',
  ERR_KEY_FORMAT: 'give one public key, as handfast key prints it',
  ERR_LOG_RETIRED: 'a retired identity is not taken up again: handfast init makes a new one',
  ERR_LOOPBACK_ONLY: 'on 127.0.0.0/8 nothing leaves this machine: give --host another address, or a list of nodes here',
  ERR_LOOKUP_NOT_FOUND: 'has its owner run handfast listen on this network? records are forgotten after 7 days',
  ERR_MAILBOX_COUNT: 'remove one first: handfast mailboxes hf1… --remove',
  ERR_MAILBOX_UNNAMED: 'handfast mailboxes tells which are yours',
  ERR_NETWORK_HOST: 'give --host an address of this machine, such as 127.0.0.1',
  ERR_NETWORK_UNREACHABLE:
    'check --network, that a handfast node or listen runs there, and that your own network lets UDP through; handfast listen waits for it',
  ERR_PEER_NO_CARD: 'ask its owner to run handfast listen',
  ERR_PEER_SELF: 'give the address of somebody else, or another identity with --folder',
  ERR_PEER_SUPERSEDED: 'the recovery phrase puts it right, with handfast recover: nobody else can do what it does',
  ERR_ROOT_ELSEWHERE: 'name the token with --pkcs11-module, --pkcs11-token and --pkcs11-key, or use handfast rotate',
  ERR_STORE_CORRUPT:
    'delete it if it is records.db, which others fill again. Else keep it for now, and use another folder: handfast restore takes a backup, handfast recover the recovery phrase. If it is handfast.db, --without-database goes on without it',
  ERR_STORE_EXISTS: 'it is untouched; make another one with --folder',
  ERR_STORE_FULL: 'make room, or choose another data folder with --folder',
  ERR_STORE_IN_USE: 'stop the other one first (handfast listen, chat, or a program that embeds it)',
  ERR_STORE_IO: CHOOSE_FOLDER,
  ERR_STORE_KEY_FILE:
    'put identity.key and identity.json back from the same backup; else handfast recover, with the phrase',
  ERR_STORE_LOCKED: 'give --passphrase-file, or set HANDFAST_PASSPHRASE; at a terminal it is asked for',
  ERR_STORE_MISSING: 'handfast init creates one; --folder or HANDFAST_FOLDER says in which folder',
  ERR_STORE_PASSPHRASE:
    'try again; if it is lost, handfast recover makes new keys in another folder, with the recovery phrase',
  ERR_STORE_PERMISSION: CHOOSE_FOLDER,
  ERR_TOKEN_KEY:
    'pkcs11-tool --module … --list-objects shows the ids; --pkcs11-generate makes a key with handfast init',
  ERR_TOKEN_KEY_EXISTS: 'choose another id with --pkcs11-key, or leave --pkcs11-generate out to use that key',
  ERR_TOKEN_NAME: 'for example --pkcs11-module /usr/lib/softhsm/libsofthsm2.so --pkcs11-token Alice --pkcs11-key 01',
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
    return { exitCode, code: error.code, message: error.message, hint: ADVICE[error.code] ?? error.advice }
  }
  const message = error instanceof Error ? error.message : String(error)
  return { exitCode: EXIT.failed, code: null, message: `unexpected failure: ${message}`, hint: UNEXPECTED }
}

/** What went wrong with a part of a command that goes on. */
export const reasonOf = (error: unknown): Reason => ({
  code: error instanceof HandfastError ? error.code : null,
  message: error instanceof Error ? error.message : String(error),
})

/** Why something did not come about, when only its code is known; '' when there is none. */
export const explain = (code: ErrorCode | null): string => (code === null ? '' : reason(code, errorOf(code).message))

/** Where an error came from, for whoever asked with HANDFAST_DEBUG: stacks only, for other properties could be anything. */
export const trace = (error: unknown): readonly string[] => {
  if (!(error instanceof Error)) return []
  return [...(error.stack ?? '').split('\n'), ...trace(error.cause)]
}
