import { inspect } from 'node:util'
import { exportKem } from '../../src/core/kem.ts'
import { exportPrivateKey } from '../../src/core/p256.ts'
import type { Session } from '../../src/core/session/session.ts'

/** Looks for secrets where none may be: in what a program prints of a value. */

/** The secrets inside a session, as bytes. */
export const secretsOf = ({ rootKey, self, sending, receiving, skipped }: Session): readonly Uint8Array[] => [
  rootKey.export(),
  exportPrivateKey(self),
  ...[sending, receiving].flatMap((chain) => (chain === null ? [] : [chain.key.export()])),
  ...(sending?.offer ? [exportKem(sending.offer)] : []),
  ...[...skipped.values()].map(({ key }) => key.export()),
]

/** Every text in which a value may reach a log: inspected to the ground, as JSON, and an error with all its causes. */
export const textsOf = (value: unknown): string => {
  const options = { depth: null, showHidden: true, maxArrayLength: null, maxStringLength: null, getters: true }
  const described = value instanceof Error ? `${value.message}${value.stack}${textsOf(value.cause)}` : ''
  return [inspect(value, options), JSON.stringify(value), String(value), described].join('\n')
}

/** Whether a text holds eight bytes in a row of the secret, in any usual notation. */
export const reveals = (text: string, secret: Uint8Array): boolean => {
  const squeezed = text.replaceAll(/\s/g, '')
  for (let start = 0; start + 8 <= secret.length; start++) {
    const part = Buffer.from(secret.subarray(start, start + 8))
    const base64 = part.toString('base64').slice(0, 10)
    const forms = [part.toString('hex'), part.join(','), base64, base64.replaceAll('+', '-').replaceAll('/', '_')]
    if (forms.some((form) => squeezed.includes(form)) || text.includes(part.toString('latin1'))) return true
  }
  return false
}
