import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { type RandomBytes, utf8 } from './bytes.ts'
import { ED25519_KEY_BYTES, type Ed25519PrivateKey, importEd25519 } from './ed25519.ts'
import { type EpochKeys, epochKeys, type RotationKeys } from './epoch-keys.ts'
import { KeyError } from './errors.ts'
import { bip39Seed, exportSecret, hkdfOf, secretKey } from './kdf.ts'
import { ROTATIONS_MAX } from './key-log.ts'
import { LABEL_RECOVERY, LABEL_SLOT } from './labels.ts'
import { generatePrivateKey, type P256PrivateKey } from './p256.ts'
import { readPhraseText } from './phrase-text.ts'
import { createWiping } from './wipe.ts'

/** The recovery phrase (BIP-39, 24 words): the only place where the private halves of the next root keys and slots exist. */

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

/** The keys a phrase stands for. Rotation 0 is the first entry, whose root key is not of the phrase. */
export type PhraseKeys = {
  /** the root key of rotation `rotation`; 1 is the first one committed to */
  root(rotation: number): P256PrivateKey
  /** the key of the slot of the epoch that rotation `rotation` begins */
  slot(rotation: number): Ed25519PrivateKey
  /** what the entries of that epoch say: its slot, where the next one's is, and the commitment to all that comes */
  epoch(rotation: number): EpochKeys
}

/**
 * Derives root keys and slots by HKDF over the phrase's BIP-39 seed.
 * @throws KeyError ERR_PHRASE as `normalizePhrase`
 */
export const phraseKeys = (phrase: string): PhraseKeys => {
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
  const slot = (rotation: number): Ed25519PrivateKey => {
    using secrets = createWiping()
    const bare = secrets.keep(exportSecret(seed))
    const parts = [bare, utf8(`/${rotation}`)]
    return importEd25519(secrets.keep(hkdfOf(new Uint8Array(0), parts, LABEL_SLOT, ED25519_KEY_BYTES)))
  }
  let rotations: readonly RotationKeys[] | undefined
  const epoch = (rotation: number): EpochKeys => {
    // Derived once: every commitment is to all that come later, and a recovery makes up to 63 of them.
    rotations ??= Array.from({ length: ROTATIONS_MAX }, (_, index) => ({
      root: root(1 + index).publicKey,
      slot: slot(1 + index).publicKey,
    }))
    return epochKeys(rotations[rotation - 1]?.slot ?? slot(rotation).publicKey, rotations.slice(rotation))
  }
  return { root, slot, epoch }
}
