import { createECDH, createHash, createHmac, decapsulate, hkdfSync } from 'node:crypto'
import { hex } from '../../src/core/bytes.ts'
import { importFernetKey, openFernet } from '../../src/core/fernet.ts'
import type { KemPrivateKey } from '../../src/core/kem.ts'
import { exportPrivateKey, type P256PrivateKey } from '../../src/core/p256.ts'
import { unpad } from '../../src/core/padding.ts'
import { decodeHeader, type Header } from '../../src/core/session/header.ts'
import type { Message, Session } from '../../src/core/session/session.ts'

/**
 * Who stole both sides' whole state at one moment, records everything sent, and can compute every P-256 private key there
 * ever was or will be (a quantum computer). The ratchet is written here a second time, over node:crypto.
 */

type Chain = { readonly key: Buffer; readonly index: number }

export type Loot = {
  /** a root key, with the public key of the chain it came from: the next chain's step goes on from both */
  readonly roots: { readonly dh: Uint8Array; readonly rootKey: Buffer }[]
  readonly chains: Map<string, Chain>
  readonly skipped: ReadonlyMap<string, Buffer>
  readonly kems: readonly KemPrivateKey[]
}

export const steal = (...sessions: readonly Session[]): Loot => {
  const loot = { roots: [], chains: new Map<string, Chain>(), skipped: new Map<string, Buffer>(), kems: [] }
  const { roots, kems }: { roots: Loot['roots']; kems: KemPrivateKey[] } = loot
  for (const { rootKey, self, remote, sending, receiving, skipped } of sessions) {
    roots.push({ dh: self.publicKey, rootKey: rootKey.export() })
    if (sending !== null) loot.chains.set(hex(self.publicKey), { key: sending.key.export(), index: sending.index })
    if (sending?.offer) kems.push(sending.offer)
    for (const [name, { key }] of skipped) loot.skipped.set(name, key.export())
    // The sender's own copy of a chain may be further on: whoever has both keeps the earlier.
    const known = remote === null ? undefined : loot.chains.get(hex(remote))
    if (remote !== null && receiving !== null && (known === undefined || receiving.index < known.index))
      loot.chains.set(hex(remote), { key: receiving.key.export(), index: receiving.index })
  }
  return loot
}

const hmac = (key: Buffer, byte: number): Buffer => createHmac('sha256', key).update(Uint8Array.of(byte)).digest()

const openWith = (messageKey: Buffer, { header, token }: Message): string | null => {
  const salt = createHash('sha256').update(header).digest()
  const key = importFernetKey(Buffer.from(hkdfSync('sha256', messageKey, salt, 'handfast/v1/message', 32)))
  try {
    return Buffer.from(unpad(openFernet(key, token))).toString()
  } catch {
    return null
  }
}

const openInChain = ({ key, index }: Chain, n: number, message: Message): string | null => {
  if (n < index) return null
  let chainKey = key
  for (let passed = index; passed < n; passed++) chainKey = hmac(chainKey, 2)
  return openWith(hmac(chainKey, 1), message)
}

export type Thief = { read(message: Message): string | null }

/**
 * @param p256 every P-256 private key by its public one, those drawn after the theft too
 * @param kems KEM keys the thief has besides what was stolen: none, but for a control of the experiment
 */
export const createThief = (
  { roots, chains, skipped, kems: stolen }: Loot,
  p256: ReadonlyMap<string, P256PrivateKey>,
  kems: readonly KemPrivateKey[] = [],
): Thief => {
  /** Every secret the step to this chain may have mixed in, as far as the thief can compute it. */
  const secretsFor = ({ ct }: Header): readonly Buffer[] =>
    ct === null ? [Buffer.alloc(0)] : [Buffer.alloc(0), ...[...stolen, ...kems].map(({ key }) => decapsulate(key, ct))]

  /** The chains that no root key opens, with how many root keys had been tried: each of their messages would only repeat that. */
  const closed = new Map<string, number>()

  const step = (header: Header, message: Message): string | null => {
    const own = p256.get(hex(header.dh))
    const chainName = `${hex(header.dh)}/${hex(header.ct ?? new Uint8Array(0))}`
    if (own === undefined || closed.get(chainName) === roots.length) return null
    const ecdh = createECDH('prime256v1')
    ecdh.setPrivateKey(exportPrivateKey(own))
    const secrets = secretsFor(header)
    for (const { dh, rootKey } of roots.toReversed()) {
      const shared = ecdh.computeSecret(dh)
      for (const ss of secrets) {
        const ikm = Buffer.concat([shared, ss])
        const okm = Buffer.from(hkdfSync('sha256', ikm, rootKey, 'handfast/v1/ratchet', 64))
        const chain = { key: okm.subarray(32), index: 0 }
        const text = openInChain(chain, header.n, message)
        if (text === null) continue
        chains.set(hex(header.dh), chain)
        roots.push({ dh: header.dh, rootKey: okm.subarray(0, 32) })
        return text
      }
    }
    closed.set(chainName, roots.length)
    return null
  }

  return {
    read: (message) => {
      const header = decodeHeader(message.header)
      const kept = skipped.get(`${hex(header.dh)}/${header.n}`)
      if (kept !== undefined) return openWith(kept, message)
      const chain = chains.get(hex(header.dh))
      return chain === undefined ? step(header, message) : openInChain(chain, header.n, message)
    },
  }
}
