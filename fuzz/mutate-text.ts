import type { Draw } from './draw.ts'

/** Changes of a text: what people paste, and what formats are made of. */

const PIECES: readonly string[] = [
  ...[
    '',
    ' ',
    '\n',
    '\t',
    '\0',
    '\r\n',
    ',',
    ':',
    '{',
    '}',
    '[',
    ']',
    '"',
    '\\',
    '/',
    '..',
    '-',
    '_',
    '=',
    '+',
    '%00',
    '#',
    '@',
  ],
  ...[
    '0',
    '9',
    '-1',
    '1e999',
    '0x10',
    '65536',
    '99999',
    'null',
    'true',
    '__proto__',
    'constructor',
    'hf1',
    'HF1',
    'z',
    '1',
  ],
  ...['\ufeff', '\u202e', '\u200d', '\u0301', '\u212a', 'é', '\u{1f600}', '\ud800', '\uff51', 'İ', 'ß', '\u2028'],
  ...[
    'con',
    'CON.txt',
    '.part',
    '://',
    '-----BEGIN PUBLIC KEY-----',
    '-----END PUBLIC KEY-----',
    'did:key:z',
    '"d":"1"',
  ],
]

type Change = (draw: Draw, text: string, corpus: readonly string[]) => string

const at = (draw: Draw, text: string): number => draw.below(text.length + 1)

const CHANGES: readonly Change[] = [
  (draw, text) => {
    const from = at(draw, text)
    return text.slice(0, from) + (draw.pick(PIECES) ?? '') + text.slice(from + draw.below(3))
  },
  (draw, text) => {
    const from = at(draw, text)
    return (
      text.slice(0, from) +
      String.fromCharCode(draw.once(4) ? draw.below(65_536) : 32 + draw.below(95)) +
      text.slice(from + 1)
    )
  },
  (draw, text) => text.slice(0, at(draw, text)),
  (draw, text) => text.slice(at(draw, text)),
  (draw, text) => {
    const [a, b] = [at(draw, text), at(draw, text)]
    return text.slice(0, Math.max(a, b)) + text.slice(Math.min(a, b))
  },
  (draw, text) => {
    const from = at(draw, text)
    const to = from + draw.below(6)
    return text.slice(0, from) + text.slice(from, to).toUpperCase() + text.slice(to)
  },
  (draw, text) => (draw.once(2) ? text.toUpperCase() : text.toLowerCase()),
  (draw, text, corpus) => {
    const other = draw.pick(corpus) ?? ''
    return text.slice(0, at(draw, text)) + other.slice(at(draw, other))
  },
  (draw, text) => {
    const from = at(draw, text)
    const unit = text.slice(from, from + 1)
    return text.slice(0, from) + unit.repeat(draw.below(draw.once(10) ? 5_000 : 40)) + text.slice(from)
  },
  (draw, text) => {
    const from = draw.below(Math.max(1, text.length - 1))
    return text.slice(0, from) + (text[from + 1] ?? '') + (text[from] ?? '') + text.slice(from + 2)
  },
]

/** One to four changes. */
export const mutateText: Change = (draw, text, corpus) => {
  let output = text
  for (let count = 1 + draw.below(4); count > 0; count--) output = draw.pick(CHANGES)?.(draw, output, corpus) ?? output
  return output.slice(0, 300_000)
}
