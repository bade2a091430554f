import type { Command } from 'commander'

/** How a key on a PKCS#11 token is written on the command line. */

export type TokenFlags = {
  readonly pkcs11Module?: string
  readonly pkcs11Token?: string
  readonly pkcs11Key?: string
  readonly pinFile?: string
}

export const tokenOptions = (command: Command): Command =>
  command
    .option('--pkcs11-module <path>', 'library of the token’s maker: the root key is on a token')
    .option('--pkcs11-token <label>', 'the token’s label')
    .option('--pkcs11-key <id>', 'the key’s id on the token, in hex')
    .option('--pin-file <file>', 'its first line is the token’s PIN; also HANDFAST_PKCS11_PIN')
