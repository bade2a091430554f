import { type ChildProcess, spawn } from 'node:child_process'
import { isAbsolute } from 'node:path'
import { TokenError } from '../core/errors.ts'
import { TOKEN_ANSWER_MAX, TOKEN_MS, TOKEN_PIN_MAX } from '../core/limits/store-limits.ts'
import { readTokenKey, type TokenKey } from '../core/root-key.ts'

/**
 * OpenSC's pkcs11-tool as a child process: it loads the token maker's library, so that no native code comes into this one. The PIN
 * goes by its environment and what is signed by its standard input; arguments hold names only, which everybody may read.
 */

/** How a token is reached and opened. */
export type TokenOptions = {
  /** 1 to 255 bytes of UTF-8; a function is called each time the token has to be opened. Default: there is none */
  readonly pin?: string | (() => Promise<string>) | undefined
  /** Path or name of pkcs11-tool. Default: found by PATH */
  readonly tool?: string | undefined
  /** Milliseconds one call of it may take, touching the token included. Default: 60,000 */
  readonly timeout?: number | undefined
  readonly signal?: AbortSignal | undefined
}

export type ToolCall = {
  readonly args: readonly string[]
  /** opens the token */
  readonly pin?: string
  readonly input?: Uint8Array
  /** `input` comes by a pipe that can be opened by its name, /dev/stdin, as Node's own cannot */
  readonly named?: boolean
}

export type ToolAnswer = {
  readonly stdout: Uint8Array
  /** null when it ended with code 0 */
  readonly failure: TokenError | null
}

/** Whether a process can lead a group that is killed as one. */
const GROUPS = process.platform !== 'win32'

const PIN_VARIABLE = 'HANDFAST_PKCS11_PIN'

/** Everything but Handfast's own secrets: token makers' libraries are configured by the environment. */
const environment = (pin: string | undefined): Record<string, string | undefined> => {
  const passed = Object.entries(process.env).filter(([name]) => !name.startsWith('HANDFAST_'))
  return { ...Object.fromEntries(passed), LC_ALL: 'C', ...(pin === undefined ? {} : { [PIN_VARIABLE]: pin }) }
}

/** @throws TokenError ERR_TOKEN_PIN */
export const readPin = async ({ pin, signal }: TokenOptions): Promise<string> => {
  const given = typeof pin === 'function' ? await pin() : pin
  signal?.throwIfAborted()
  // Node quotes a variable with a null byte in it: that must not be a PIN.
  if (given === undefined || given === '' || given.includes('\0') || Buffer.byteLength(given) > TOKEN_PIN_MAX)
    throw new TokenError('ERR_TOKEN_PIN', { hint: `1 to ${TOKEN_PIN_MAX} bytes are needed` })
  return given
}

/** A token that asks to be touched, or hangs, is given up with all that the tool started: it leads a process group of its own. */
const kill = (child: ChildProcess): void => {
  try {
    if (child.pid !== undefined && GROUPS) process.kill(-child.pid, 'SIGKILL')
    else child.kill('SIGKILL')
  } catch {
    // It ended just now.
  }
}

/** A PKCS#11 return value, such as CKR_PIN_INCORRECT: all that is passed on of the tool's words. */
const REASON = /\bCKR_[A-Z0-9_]{1,60}\b/

/** A key that is not there, or (up to version 0.23) is of a curve that pkcs11-tool cannot write. */
const NO_KEY = /not found|cannot create EVP_PKEY/

const failureIn = (words: string): TokenError => {
  const hint = REASON.exec(words)?.[0]
  if (hint?.startsWith('CKR_PIN_')) return new TokenError('ERR_TOKEN_PIN', { hint })
  return new TokenError(hint === undefined && NO_KEY.test(words) ? 'ERR_TOKEN_KEY' : 'ERR_TOKEN_FAILED', { hint })
}

const check = (token: TokenKey): void => {
  try {
    readTokenKey(token, 'token')
  } catch (cause) {
    throw new TokenError('ERR_TOKEN_NAME', { cause })
  }
  // A bare name would be searched for where libraries lie.
  if (!isAbsolute(token.module)) throw new TokenError('ERR_TOKEN_NAME', { hint: 'the path must be absolute' })
}

/**
 * Runs the tool once on the module of `token`. Nothing else of its words is passed on: who knows what a library prints.
 * @throws TokenError ERR_TOKEN_NAME, ERR_TOKEN_TOOL, ERR_TOKEN_PIN, ERR_TOKEN_FAILED; the signal's reason
 */
export const callTool = async (
  token: TokenKey,
  { args, pin, input, named = false }: ToolCall,
  { tool = 'pkcs11-tool', timeout = TOKEN_MS, signal }: TokenOptions,
): Promise<ToolAnswer> => {
  check(token)
  signal?.throwIfAborted()
  const login = pin === undefined ? [] : ['--login', `--pin=env:${PIN_VARIABLE}`]
  const command = [tool, `--module=${token.module}`, ...login, ...args]
  const [file = '', ...rest] = named ? ['/bin/sh', '-c', 'cat | exec "$@"', 'sh', ...command] : command
  const child = spawn(file, rest, { env: environment(pin), detached: GROUPS, windowsHide: true })
  const { promise, resolve, reject } = Promise.withResolvers<ToolAnswer>()
  const give = (error: unknown): void => {
    kill(child)
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy()
    reject(error)
  }

  const late = (): void => give(new TokenError('ERR_TOKEN_FAILED', { hint: `no answer in ${timeout} ms` }))
  const timer = setTimeout(late, timeout)
  const abort = (): void => give(signal?.reason)
  signal?.addEventListener('abort', abort, { once: true })

  const chunks: { readonly [S in 'stdout' | 'stderr']: Buffer[] } = { stdout: [], stderr: [] }
  let size = 0
  for (const name of ['stdout', 'stderr'] as const)
    child[name].on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > TOKEN_ANSWER_MAX) give(new TokenError('ERR_TOKEN_FAILED', { hint: 'it answered too much' }))
      else chunks[name].push(chunk)
    })
  // A tool that ends without reading is heard by its code.
  child.stdin.on('error', () => {})
  child.on('error', () => give(new TokenError('ERR_TOKEN_TOOL')))
  child.on('close', (code) => {
    const failure = code === 0 ? null : failureIn(Buffer.concat(chunks.stderr).toString('latin1'))
    resolve({ stdout: Uint8Array.from(Buffer.concat(chunks.stdout)), failure })
  })
  child.stdin.end(input)
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', abort)
  }
}
