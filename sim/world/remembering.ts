import { createHash, type createPublicKey, type KeyObject, type verify } from 'node:crypto'

/**
 * Remembers which points were public keys and which signatures were right: sixty nodes of one process verify the same entry, and the
 * answer to the same question is the same. What is remembered is what OpenSSL said; anything else is asked of it.
 */

const POINTS_MAX = 100_000
const SIGNATURES_MAX = 500_000

type CreatePublicKey = typeof createPublicKey
type Verify = typeof verify

export const createMemory = (
  create: CreatePublicKey,
  verifyOne: Verify,
): { readonly createPublicKey: CreatePublicKey; readonly verify: Verify } => {
  const points = new Map<string, KeyObject>()
  const names = new WeakMap<KeyObject, string>()
  const signatures = new Map<string, boolean>()

  const createRemembered = (source: unknown): KeyObject => {
    const point = pointOf(source)
    if (point === null) return Reflect.apply(create, undefined, [source])
    const known = points.get(point)
    if (known !== undefined) return known
    const key: KeyObject = Reflect.apply(create, undefined, [source])
    if (points.size < POINTS_MAX) {
      points.set(point, key)
      names.set(key, point)
    }
    return key
  }

  const verifyRemembered = (
    algorithm: unknown,
    data: unknown,
    key: unknown,
    signature: unknown,
    ...rest: unknown[]
  ) => {
    const name = nameOf(key)
    const ask = (): boolean => Reflect.apply(verifyOne, undefined, [algorithm, data, key, signature, ...rest])
    if (name === undefined || rest.length > 0 || !(data instanceof Uint8Array) || !(signature instanceof Uint8Array))
      return ask()
    const question = createHash('sha256').update(`${algorithm} ${name} ${data.length} `).update(data).update(signature)
    const digest = question.digest('base64')
    const known = signatures.get(digest)
    if (known !== undefined) return known
    const right = ask()
    if (signatures.size < SIGNATURES_MAX) signatures.set(digest, right)
    return right
  }

  const nameOf = (key: unknown): string | undefined => {
    if (typeof key !== 'object' || key === null || !('key' in key) || !('dsaEncoding' in key)) return undefined
    return names.get(key.key as KeyObject)
  }

  return { createPublicKey: createRemembered as CreatePublicKey, verify: verifyRemembered as Verify }
}

/** The point that a key is made of; null when it is made of something else. */
const pointOf = (source: unknown): string | null => {
  if (typeof source !== 'object' || source === null || !('format' in source) || !('key' in source)) return null
  const { key, format } = source
  const isPoint = format === 'raw-public' && 'namedCurve' in source && source.namedCurve === 'P-256'
  return isPoint && key instanceof Uint8Array ? Buffer.from(key).toString('base64') : null
}
