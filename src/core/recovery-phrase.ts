import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { type RandomBytes, utf8 } from './bytes.ts'
import { KeyError } from './errors.ts'
import { bip39Seed, exportSecret, hkdfOf, secretKey } from './kdf.ts'
import { commitToRoots, ROTATIONS_MAX } from './key-log.ts'
import { LABEL_RECOVERY } from './labels.ts'
import { generatePrivateKey, type P256PrivateKey } from './p256.ts'
import { readPhraseText } from './phrase-text.ts'

/** The recovery phrase (BIP-39, 24 words): the only place where the private halves of the next root keys exist. */

const ENTROPY_BYTES = 32

/** 24 fresh words. */
export const generatePhrase = (random: RandomBytes): string => {
  const entropy = random(ENTROPY_BYTES)
  const phrase = entropyToMnemonic(entropy, wordlist)
  entropy.fill(0)
  return phrase
}

const OTHER_WORDS =
  'all words are on the list, but they are not those of one phrase: one is another word, or two have changed places'

/**
 * The 24 words of a text, with single spaces between: `phrase-text.ts` says what is read.
 * @throws KeyError ERR_PHRASE when it is not 24 listed words with a matching checksum; it names numbers, and never a word
 */
export const normalizePhrase = (text: string): string => {
  const { words, fault, numbered } = readPhraseText(text)
  if (words === null) throw new KeyError('ERR_PHRASE', { hint: fault })
  const phrase = words.join(' ')
  try {
    mnemonicToEntropy(phrase, wordlist).fill(0)
  } catch {
    // The library's error quotes the words, so it does not travel on as a cause.
    throw new KeyError('ERR_PHRASE', {
      hint: numbered ? OTHER_WORDS : `${OTHER_WORDS}. Words copied by columns need their numbers`,
    })
  }
  return phrase
}

/** The root keys a phrase stands for. */
export type RootChain = {
  /** the root key of rotation `rotation`; 1 is the first one committed to */
  root(rotation: number): P256PrivateKey
  /** the commitment (32 bytes) to every root key after rotation `rotation`; 0 for the first entry */
  next(rotation: number): Uint8Array
}

/**
 * Derives root keys by HKDF over the phrase's BIP-39 seed.
 * @throws KeyError ERR_PHRASE as `normalizePhrase`
 */
export const rootChain = (phrase: string): RootChain => {
  const seed = secretKey(bip39Seed(normalizePhrase(phrase)))
  const root = (rotation: number): P256PrivateKey => {
    let attempt = 0
    const bare = exportSecret(seed)
    const key = generatePrivateKey((size) =>
      hkdfOf(new Uint8Array(0), [bare, utf8(`/${rotation}/${attempt++}`)], LABEL_RECOVERY, size),
    )
    bare.fill(0)
    return key
  }
  let publicKeys: readonly Uint8Array[] | undefined
  const next = (rotation: number): Uint8Array => {
    // Derived once: every commitment is to all that come later, and a recovery makes up to 63 of them.
    publicKeys ??= Array.from({ length: ROTATIONS_MAX }, (_, index) => root(1 + index).publicKey)
    return commitToRoots(publicKeys.slice(rotation))
  }
  return { root, next }
}
