/** Secrets in memory that JavaScript can reach are overwritten with their last use: what OpenSSL holds of a key it wipes itself. */

export const wipe = (...secrets: readonly Uint8Array[]): void => {
  for (const secret of secrets) secret.fill(0)
}

/** The same bytes in memory of their own; those given, which nobody else has, are wiped. */
export const moved = (secret: Uint8Array): Uint8Array => {
  const own = Uint8Array.from(secret)
  secret.fill(0)
  return own
}

/** The secrets of one function: `using` wipes them when it ends, however it ends. */
export type Wiping = Disposable & {
  /** @returns the same bytes */
  keep(secret: Uint8Array): Uint8Array
}

export const createWiping = (): Wiping => {
  const kept: Uint8Array[] = []
  return {
    keep: (secret) => {
      kept.push(secret)
      return secret
    },
    [Symbol.dispose]: () => wipe(...kept),
  }
}
