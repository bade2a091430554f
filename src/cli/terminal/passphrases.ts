import { createReadStream } from 'node:fs'
import { FileError, StoreError, TokenError, UsageError } from '../../core/errors.ts'
import type { Terminal } from './terminal.ts'

/**
 * Where passphrases and PINs come from: a file, else the environment, else, where somebody sits at a terminal, a question whose answer does
 * not show. Never an argument, which other users of a machine can read.
 */
export type Passphrases = {
  /**
   * What the data folder is sealed under; called only when it is.
   * @throws StoreError ERR_STORE_LOCKED when nobody gives it; FileError ERR_FILE_READ; UsageError ERR_USAGE; the signal's reason
   */
  current(): Promise<string>
  /** What a new identity is to be sealed under; null for a key file. @throws as `current` */
  chosen(): Promise<string | null>
  /** What takes the place of the current one. @param file comes first @throws as `current`; UsageError ERR_USAGE for none */
  next(file: string | undefined): Promise<string>
  /** The PIN of a token. @param file comes first @throws as `current`, but TokenError ERR_TOKEN_PIN when nobody gives it */
  pin(file: string | undefined): Promise<string>
  /** What a backup is sealed under. @param file comes first @param made whether it is being made @throws as `next` */
  ofBackup(file: string | undefined, made: boolean): Promise<string>
}

export type PassphraseParts = {
  readonly terminal: Pick<Terminal, 'interactive' | 'ask' | 'err'>
  readonly signal: AbortSignal
  readonly env: Readonly<Record<string, string | undefined>>
  /** value of --passphrase-file */
  readonly file: string | undefined
}

/** Bytes of a file that are looked at, and characters that can be typed. */
const LENGTH_MAX = 4_096

export const createPassphrases = ({ terminal, signal, env, file }: PassphraseParts): Passphrases => {
  const given = async (path: string | undefined, variable: string): Promise<string | null> =>
    path === undefined ? env[variable] || null : readPassphrase(path, signal)

  const ask = async (question: string): Promise<string | null> => {
    const typed = await terminal.ask(question, { hidden: true, limit: LENGTH_MAX, signal })
    signal.throwIfAborted()
    return typed
  }

  /** What does not show is typed twice, until both are the same. */
  const askTwice = async (question: string): Promise<string> => {
    for (;;) {
      const first = await ask(question)
      const second = first ? await ask('once more: ') : first
      if (first === null || second === null) throw new UsageError('ERR_USAGE', { hint: 'no passphrase was given' })
      if (first === second) return first
      await terminal.err(['these two differ: type it again'])
    }
  }

  return {
    current: async () => {
      const known = await given(file, 'HANDFAST_PASSPHRASE')
      if (known !== null) return known
      const typed = terminal.interactive ? await ask('passphrase: ') : null
      if (!typed) throw new StoreError('ERR_STORE_LOCKED')
      return typed
    },
    chosen: async () => {
      const known = await given(file, 'HANDFAST_PASSPHRASE')
      if (known !== null || !terminal.interactive) return known
      return (await askTwice('new passphrase (empty for none: a key file then protects it): ')) || null
    },
    next: async (path) => {
      const known = await given(path, 'HANDFAST_NEW_PASSPHRASE')
      if (known !== null) return known
      const typed = terminal.interactive ? await askTwice('new passphrase: ') : ''
      if (typed === '') throw new UsageError('ERR_USAGE', { hint: NO_NEW })
      return typed
    },
    pin: async (path) => {
      const known = await given(path, 'HANDFAST_PKCS11_PIN')
      if (known !== null) return known
      const typed = terminal.interactive ? await ask('PIN of the token: ') : null
      if (!typed) throw new TokenError('ERR_TOKEN_PIN', { hint: '--pin-file or HANDFAST_PKCS11_PIN gives it' })
      return typed
    },
    ofBackup: async (path, made) => {
      const known = await given(path, 'HANDFAST_BACKUP_PASSPHRASE')
      if (known !== null) return known
      const asking = () => (made ? askTwice('passphrase for the backup: ') : ask('passphrase of the backup: '))
      const typed = terminal.interactive ? await asking() : null
      if (!typed) throw new UsageError('ERR_USAGE', { hint: NO_BACKUP })
      return typed
    },
  }
}

const NO_NEW = 'no new passphrase was given: --new-passphrase-file or HANDFAST_NEW_PASSPHRASE; --remove takes it away'
const NO_BACKUP =
  'no passphrase of the backup was given: --backup-passphrase-file or HANDFAST_BACKUP_PASSPHRASE; at a terminal it is asked for'

/** The first line of a file, which may be a pipe. */
const readPassphrase = async (path: string, signal: AbortSignal): Promise<string> => {
  const chunks: Buffer[] = []
  try {
    // One byte more than may be, so that a longer one is refused and not cut.
    for await (const chunk of createReadStream(path, { end: LENGTH_MAX, signal })) chunks.push(chunk)
  } catch (cause) {
    signal.throwIfAborted()
    throw new FileError('ERR_FILE_READ', { hint: path, cause })
  }
  const content = Buffer.concat(chunks)
  const end = content.indexOf('\n')
  const line = end === -1 ? content : content.subarray(0, end)
  const isLong = line.length > LENGTH_MAX
  const passphrase = isLong ? null : decode(line)
  content.fill(0)
  if (isLong) throw new UsageError('ERR_USAGE', { hint: `${path}: the first line has more than ${LENGTH_MAX} bytes` })
  if (passphrase === null) throw new UsageError('ERR_USAGE', { hint: `${path}: the first line is no UTF-8` })
  // Whoever names a file wants protection: an empty one must not pass for it.
  if (passphrase === '') throw new UsageError('ERR_USAGE', { hint: `${path}: the first line is empty` })
  return passphrase
}

const decode = (line: Uint8Array): string | null => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(line).replace(/\r$/, '')
  } catch {
    return null
  }
}
