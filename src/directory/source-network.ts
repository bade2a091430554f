import { isIPv4 } from 'node:net'

/** Whose a request is, as far as an IPv4 address tells: networks are dear, addresses within one are cheap. */

export const isLoopback = (host: string): boolean => isIPv4(host) && host.startsWith('127.')

/** RFC 1918 and link-local. */
const PRIVATE = /^(10\.|172\.(1[6-9]|2\d|3[01])\.|192\.168\.|169\.254\.)/

export const isPrivate = (host: string): boolean => isIPv4(host) && PRIVATE.test(host)

/**
 * The network that answers for an address: its first 24 bits. A private address answers for itself, since a whole office shares the
 * 24 bits; and so does any other text: HyperDHT knows no other addresses.
 */
export const networkOf = (host: string): string =>
  isIPv4(host) && !isPrivate(host) ? host.slice(0, host.lastIndexOf('.')) : host
