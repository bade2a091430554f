import type { ErrorCode } from '../src/core/errors.ts'

/** A decoder, what it is fed with, and what it promises. */
export type Target = {
  readonly name: string
  /** how inputs are changed: as bytes; as bytes and as CBOR; as text; as text and as JSON */
  readonly form: 'bytes' | 'cbor' | 'text' | 'json'
  /** valid inputs; text in UTF-8 */
  readonly corpus: readonly Uint8Array[]
  /** Puts a changed one where the decoder finds it, past what would refuse any change: signed, sealed, behind a right MAC. */
  readonly wrap?: ((changed: Uint8Array) => Uint8Array) | undefined
  /** Throws a HandfastError with one of the `codes`, or returns what was decoded; checks what else must hold. */
  decode(input: Uint8Array): unknown
  /** codes that its documentation names */
  readonly codes: readonly ErrorCode[]
  /** Back to bytes: those of the input, for what was accepted. Left out where nothing encodes, null where several inputs say the same. */
  encode?(decoded: unknown): Uint8Array | null
  /** Whether it wipes its input, as it says. */
  readonly wipes: boolean
  /** how often it is run, compared with the others; less for what is slow */
  readonly share: number
}

type Parts<T> = Omit<Target, 'decode' | 'encode' | 'wipes' | 'share'> & {
  readonly decode: (input: Uint8Array) => T
  readonly encode?: (decoded: Awaited<T>) => Uint8Array | null
  readonly wipes?: boolean
  readonly share?: number
}

export const target = <T>({ encode, wipes = false, share = 8, ...parts }: Parts<T>): Target => ({
  ...parts,
  wipes,
  share,
  ...(encode === undefined ? {} : { encode: (decoded: unknown) => encode(decoded as Awaited<T>) }),
})

/** A decoder of text, fed with UTF-8. */
export const textTarget = <T>({
  corpus,
  decode,
  encode,
  ...parts
}: Omit<Parts<T>, 'corpus' | 'decode' | 'encode'> & {
  readonly corpus: readonly string[]
  readonly decode: (text: string) => T
  readonly encode?: (decoded: Awaited<T>) => string | null
}): Target =>
  target({
    ...parts,
    corpus: corpus.map((text) => Uint8Array.from(Buffer.from(text))),
    decode: (input) => decode(Buffer.from(input).toString('utf8')),
    ...(encode === undefined
      ? {}
      : {
          encode: (decoded: Awaited<T>) => {
            const text = encode(decoded)
            return text === null ? null : Uint8Array.from(Buffer.from(text))
          },
        }),
  })

/** What a decoder may not do, seen by the target itself. */
export class Broken extends Error {}

export const must = (holds: boolean, what: string): void => {
  if (!holds) throw new Broken(what)
}
