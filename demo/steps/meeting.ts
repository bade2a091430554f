/** The main job, first half: a network, two identities, and each finding the other's right keys by an address alone. */

import { encodeAddress } from '../../src/core/address.ts'
import { hex } from '../../src/core/bytes.ts'
import { blake2b256 } from '../../src/core/kdf.ts'
import { verifyLog } from '../../src/core/key-log.ts'
import { ACCEPTANCES_WANTED } from '../../src/core/limits/record-limits.ts'
import { importPublicKey } from '../../src/core/p256.ts'
import { decodeAddress, type Evidence, type Publication, type Remote } from '../../src/index.ts'
import type { Alice } from '../alice.ts'
import type { Bob } from '../bob.ts'
import { type Network, startNetwork } from '../network.ts'
import type { Introduction, Person } from '../person.ts'
import type { Step } from '../stage.ts'

const NODES = 20
const PORTS_SHOWN = 7

export const startTheNetwork = async (step: Step): Promise<Network> => {
  const network = await startNetwork(NODES)
  const ports = network.nodes.map(({ port }) => port)
  step.show('UDP', `127.0.0.1, ports ${ports.slice(0, PORTS_SHOWN).join(' ')} …`)
  step.check('nodes that keep records for others', network.nodes.filter(({ dht }) => !dht.ephemeral).length, NODES)
  step.check('sockets, each with a port of its own', new Set(ports).size, NODES)
  return network
}

/** Makes one identity in a process and a folder of its own. */
export const introduce = async (step: Step, name: string, person: Person, folder: string): Promise<Introduction> => {
  const introduction = await person.create(folder)
  step.show(name, introduction.address)
  step.show('', `process ${introduction.pid}, P-256 root key ${hex(introduction.root).slice(0, 32)}…`)
  return introduction
}

/** An address is nothing but the hash of the log's first entry: whoever has the log can check it. */
export const checkIntroductions = (step: Step, all: readonly Introduction[]): void => {
  const processes = new Set(all.map(({ pid }) => pid)).difference(new Set([process.pid]))
  const points = all.filter(({ root }) => importPublicKey(root).asymmetricKeyDetails?.namedCurve === 'prime256v1')
  const proven = all.filter(({ address, root, log }) => {
    const verified = verifyLog(blake2b256(log[0] ?? new Uint8Array(0)), log)
    return encodeAddress(verified.id) === address && hex(verified.last.entry.root) === hex(root)
  })
  step.check('processes beside this one', processes.size, all.length)
  step.check('root keys that are points on P-256', points.length, all.length)
  step.check('addresses that are their log’s own hash', proven.length, all.length)
}

/** Hashes in hex. */
export type Published = { readonly head: string; readonly card: string }

export type Publishing = {
  readonly name: string
  readonly person: Pick<Person, 'listen'>
  readonly address: string
  readonly network: Network
}

/** Publishes, then asks every storage node in this process what it really keeps. */
export const publish = async (
  step: Step,
  { name, person, address, network }: Publishing,
): Promise<Published & { readonly accepted: number; readonly keeping: number }> => {
  const { publication, head } = await person.listen()
  const { replicas, accepted } = publication
  const holdings = network.holdings(decodeAddress(address)).filter((holding) => holding.head === head)
  const card = commonest(holdings.map((holding) => holding.card))
  step.show(name, `accepted by ${describeReplicas(replicas)} nodes, at three places`)
  step.show('head', head)
  const fewest = Math.min(...replicas.map((replica) => replica.accepted))
  step.checkAtLeast(`${name}: fewest acceptances at one place`, fewest, ACCEPTANCES_WANTED)
  const keeping = holdings.filter((holding) => holding.card === card).length
  return { head, card, accepted, keeping }
}

const describeReplicas = (replicas: Publication['replicas']): string =>
  replicas.map(({ asked, accepted }) => `${accepted}/${asked}`).join(', ')

const commonest = (values: readonly (string | null)[]): string => {
  const kept = values.filter((value) => value !== null)
  const [first, ...rest] = new Set(kept)
  if (first === undefined) throw new Error('no node keeps anything')
  const count = (value: string): number => kept.filter((other) => other === value).length
  return rest.reduce((best, value) => (count(value) > count(best) ? value : best), first)
}

export type LookingUp = {
  readonly who: string
  readonly whom: string
  readonly seeker: Pick<Person, 'lookup'>
  readonly address: string
  readonly published: Published
}

/** One looks the other up, knowing nothing but the address. */
export const lookUp = async (step: Step, { who, whom, seeker, address, published }: LookingUp): Promise<void> => {
  const found = await seeker.lookup(address)
  step.show(who, describeEvidence(found.evidence))
  step.check(`${whom}’s head is the one published`, found.head, published.head)
  step.check(`${whom}’s card is the one published`, found.card, published.card)
  step.check(`to ${who}, what ${whom} published is`, found.freshness, 'current')
}

const STANCES = ['agreeing', 'older', 'empty', 'unread', 'invalid'] as const

/** How many nodes said what. */
export const describeEvidence = (evidence: Evidence): string => {
  const said = STANCES.filter((stance) => evidence[stance] > 0).map((stance) => `${evidence[stance]} ${stance}`)
  return `hears ${evidence.answered} nodes: ${said.join(', ')}`
}

export type Meeting = {
  readonly alice: Alice
  readonly bob: Bob
  readonly addresses: { readonly alice: string; readonly bob: string }
}

export const shakeHands = async (step: Step, { alice, bob, addresses }: Meeting): Promise<void> => {
  const [hers, his] = await Promise.all([alice.connect(addresses.bob), bob.accept()])
  step.say('The safety number, computed by either side from what it verified:')
  showNumber(step, 'Alice', hers.safetyNumber)
  showNumber(step, 'Bob', his.safetyNumber)
  step.check('Bob’s number is Alice’s', his.safetyNumber, hers.safetyNumber)
  step.check('digits in it', hers.safetyNumber.replaceAll(/\D/g, '').length, 60)
  step.check('Alice talks to Bob’s address', hers.address, addresses.bob)
  step.check('Bob talks to Alice’s address', his.address, addresses.alice)
  step.check('to Alice, Bob is', describeTrust(hers), 'known by his address, current')
  step.check('to Bob, Alice is', describeTrust(his), 'a stranger, current')
}

const KNOWN: Readonly<Record<Remote['trust']['identity'], string>> = {
  unknown: 'a stranger',
  pinned: 'known by his address',
  verified: 'compared by voice',
}

const describeTrust = ({ trust }: Remote): string => `${KNOWN[trust.identity]}, ${trust.freshness}`

const GROUPS_PER_LINE = 6

const showNumber = (step: Step, name: string, number: string): void => {
  const groups = number.split(' ')
  step.show(name, groups.slice(0, GROUPS_PER_LINE).join(' '))
  step.show('', groups.slice(GROUPS_PER_LINE).join(' '))
}
