/**
 * Which of two sessions with the same peer is used to send, when both sides sent a hello at once (docs/spec/handshake.md §5): the one
 * whose h1 is smaller, byte by byte, so that both sides choose the same. The other one stays able to receive.
 */
export const preferSession = <T extends { readonly h1: Uint8Array }>(a: T, b: T): T =>
  Buffer.compare(a.h1, b.h1) <= 0 ? a : b
