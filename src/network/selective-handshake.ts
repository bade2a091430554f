import type { CreateHandshake, HandshakePayload } from 'hyperdht'
import NoiseWrap from 'hyperdht/lib/noise-wrap.js'

/**
 * HyperDHT's own handshake, but for `relayThrough`: with it the other side could make us connect to a relay of its choice, and route the
 * stream through that. Only what `allows` is heard; by default nothing.
 * @param onAnswer called with what the other side said
 */
export const selectiveHandshake =
  (allows: (relay: Uint8Array) => boolean = () => false, onAnswer: () => void = () => {}): CreateHandshake =>
  (keyPair, remotePublicKey) => {
    const handshake = new NoiseWrap(keyPair, remotePublicKey)
    const recv = handshake.recv.bind(handshake)
    handshake.recv = (message): HandshakePayload => {
      const payload = recv(message)
      onAnswer()
      const { relayThrough } = payload
      return { ...payload, relayThrough: relayThrough !== null && allows(relayThrough.publicKey) ? relayThrough : null }
    }
    return handshake
  }
