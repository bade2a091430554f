import type { ErrorTable } from './text.ts'

/** Codes of this machine: the data folder, and the command line. */

const CHOOSE_FOLDER = 'check the data folder and its disk, or choose another one'

export const STORE = {
  ERR_STORE_MISSING: ['no identity in this folder', 'create one, or name the folder that holds it'],
  ERR_STORE_EXISTS: ['this folder already holds an identity', 'it is untouched; choose another folder'],
  ERR_STORE_CORRUPT: [
    'a stored file is damaged or truncated',
    'keep it for now, and use another folder: restore a backup, or recover with the recovery phrase. The records of a storage node can be deleted: others fill them again',
  ],
  ERR_STORE_LOST: [
    'the database of this identity is lost: without it an older key of somebody would be believed again',
    'put handfast.db back where it was, or restore a backup into another folder; --without-database goes on without contacts, what was seen of others, and what waits to be sent',
  ],
  ERR_STORE_FOREIGN: [
    'this folder has the database of another identity',
    'choose another folder, or move that database out of this one',
  ],
  ERR_STORE_VERSION: ['a stored file was written by another version', 'use the version of Handfast that wrote it'],
  ERR_STORE_PASSPHRASE: [
    'the passphrase is wrong, or the file was changed',
    'try again; if it is lost, recover in another folder, with the recovery phrase',
  ],
  ERR_STORE_LOCKED: ['the data folder is sealed: its passphrase is needed', 'give the passphrase'],
  ERR_STORE_KEY_FILE: [
    'the key file beside the identity is missing or damaged',
    'put identity.key and identity.json back from the same backup; else recover with the recovery phrase',
  ],
  ERR_STORE_IN_USE: ['another program is using this data folder', 'stop the other one first'],
  ERR_STORE_TWIN: [
    'a copy of this data folder is running elsewhere as the same device',
    'use one of the two, and stop the other; --take-over goes on here and stops that one. If neither is yours, replace the keys with handfast renew',
  ],
  ERR_STORE_PERMISSION: [
    'the data folder cannot be read or written',
    'check who owns it and what they may do, or choose another one',
  ],
  ERR_STORE_EXPOSED: [
    'others on this machine can read or change the data folder',
    'mend it as it says; if others have been on this machine, replace the keys afterwards, with handfast rotate',
  ],
  ERR_STORE_LINK: [
    'a file of the data folder is a link, or can be reached in another way as well, and an old key would stay there',
    'put a copy in its place, and remove what it led to',
  ],
  ERR_STORE_FULL: ['the disk is full', 'make room, or choose another data folder'],
  ERR_STORE_IO: ['the data folder failed', CHOOSE_FOLDER],
  ERR_BACKUP_SIZE: ['the data folder holds more than a backup can', 'forget contacts that are not needed any more'],
} as const satisfies ErrorTable

export const OUTPUT = {
  ERR_OUTPUT: [
    'the output could not be written to its end',
    'make room where it goes, or print elsewhere, and run the command again; what it had changed before stays changed',
  ],
} as const satisfies ErrorTable

export const USAGE = {
  ERR_INPUT: [
    'what was given is not text, or too long',
    'give it as text in UTF-8; anything else can be sent as a file',
  ],
  ERR_USAGE: ['the command was not understood', 'handfast --help tells how commands are written'],
  ERR_EXPOSED: [
    'this process would show its keys to others',
    'start it without what is named; a flag of Node may also be in NODE_OPTIONS',
  ],
} as const satisfies ErrorTable
