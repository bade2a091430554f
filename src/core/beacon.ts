/**
 * The datagrams by which peers on one local network find each other (docs/spec/lan.md): a question for whoever stands for an id, and its
 * answer. Both say nothing to who does not know the id.
 */

import { concat, copyOf, equal, utf8 } from './bytes.ts'
import { hmac, type SecretKey, secretKey } from './kdf.ts'
import { LABEL_BEACON_ANSWER, LABEL_BEACON_QUESTION } from './labels.ts'

/** An IPv4 address in dotted form, and a UDP port. */
export type Endpoint = { readonly host: string; readonly port: number }

/** A datagram of the beacon, of which nothing is proven yet. */
export type BeaconDatagram = {
  /** 16 B, of the question */
  readonly nonce: Uint8Array
  /** UDP port of the answerer's DHT node; 0 in a question */
  readonly port: number
  /** 16 B */
  readonly mac: Uint8Array
}

/** Bytes of every datagram: an answer is no larger than its question, so nobody makes traffic grow. */
export const BEACON_BYTES = 38
export const BEACON_NONCE_BYTES = 16

/** Two letters, and the version of the format. */
const MAGIC = Uint8Array.of(0x48, 0x46, 1)
/** Then 0 in a question and 1 in an answer. */
const KIND_AT = 3
const NONCE_AT = 4
const PORT_AT = NONCE_AT + BEACON_NONCE_BYTES
const MAC_AT = PORT_AT + 2
const MAC_BYTES = 16

/** The key that an id is to those who know it; the id stays as it is. @param id 32 B */
export const beaconKey = (id: Uint8Array): SecretKey => secretKey(copyOf(id))

const portBytes = (port: number): Uint8Array => Uint8Array.of(port >> 8, port & 255)
const hostBytes = (host: string): Uint8Array => Uint8Array.from(host.split('.'), Number)

const mac = (key: SecretKey, label: string, ...parts: readonly Uint8Array[]): Uint8Array =>
  hmac(key, concat(utf8(label), ...parts)).subarray(0, MAC_BYTES)

/** Over the address that asks: sent again from another one it is no question. */
const questionMac = (key: SecretKey, nonce: Uint8Array, { host, port }: Endpoint): Uint8Array =>
  mac(key, LABEL_BEACON_QUESTION, nonce, hostBytes(host), portBytes(port))

/** Over the address that answers: sent again from another one it is no answer. */
const answerMac = (key: SecretKey, nonce: Uint8Array, { host, port }: Endpoint): Uint8Array =>
  mac(key, LABEL_BEACON_ANSWER, nonce, hostBytes(host), portBytes(port))

/** @param nonce 16 B, fresh @param from where the question is sent from @returns 38 B */
export const encodeQuestion = (key: SecretKey, nonce: Uint8Array, from: Endpoint): Uint8Array =>
  concat(MAGIC, Uint8Array.of(0), nonce, portBytes(0), questionMac(key, nonce, from))

/** @param nonce of the question @param at the IPv4 address that the answer is sent from, and the port of the DHT node @returns 38 B */
export const encodeAnswer = (key: SecretKey, nonce: Uint8Array, at: Endpoint): Uint8Array =>
  concat(MAGIC, Uint8Array.of(1), nonce, portBytes(at.port), answerMac(key, nonce, at))

/** Reads a datagram without believing it; null for what is none of the beacon's. */
export const decodeBeacon = (bytes: Uint8Array): BeaconDatagram | null => {
  if (bytes.length !== BEACON_BYTES || !MAGIC.every((byte, index) => bytes[index] === byte)) return null
  const port = ((bytes[PORT_AT] ?? 0) << 8) | (bytes[PORT_AT + 1] ?? 0)
  // A question has no port, and an answer has one.
  if (bytes[KIND_AT] !== (port === 0 ? 0 : 1)) return null
  return { nonce: copyOf(bytes.subarray(NONCE_AT, PORT_AT)), port, mac: copyOf(bytes.subarray(MAC_AT)) }
}

/** Whether it is a question for the id of `key`, asked from there; in time that does not depend on the answer. */
export const isQuestionFor = (key: SecretKey, { nonce, port, mac }: BeaconDatagram, from: Endpoint): boolean => {
  const isMeant = equal(questionMac(key, nonce, from), mac)
  return isMeant && port === 0
}

/** Whether whoever answered this from `host` knows the id of `key`; in time that does not depend on the answer. */
export const isAnswerFrom = (key: SecretKey, { nonce, port, mac }: BeaconDatagram, host: string): boolean => {
  const isMeant = equal(answerMac(key, nonce, { host, port }), mac)
  return isMeant && port !== 0
}
