import type { Kind } from './kinds.ts'
import { addCable, addNamespace, ip, nft, runWithin } from './namespaces.ts'

/**
 * A simulated Internet: one router with a cable to each public network, 44.128.N.0/24. HyperDHT treats reserved addresses otherwise than
 * public ones, so these are of the range that radio amateurs keep for tests; there is no way out of the laboratory for them or any other.
 */

const ROUTER = 'internet'

/**
 * A path of the real Internet is longer than a TTL of 5, with which HyperDHT opens its own NAT without reaching the other side's. What passes
 * is counted by who sends to whom.
 */
const RULES = `
table ip path {
  set seen { type ipv4_addr . ipv4_addr; size 65535; flags dynamic; counter; }
  chain forward {
    type filter hook forward priority 0;
    ip ttl < 16 drop
    meta l4proto udp update @seen { ip saddr . ip daddr }
  }
  chain loss { type filter hook forward priority 10; }
  chain silence { type filter hook output priority 0; }
}`

export type Site = {
  readonly kind: Kind
  /** namespaces of the people in it */
  readonly hosts: readonly string[]
  /** the namespace that translates or filters; the host's own when there is none */
  readonly gateway: string
  /** what others see */
  readonly outside: string
  /** the network's number N */
  readonly number: number
}

export type Internet = ReturnType<typeof createInternet>

/** How several hosts of one site stand to each other. */
export type Inside = 'one' | 'two in one network' | 'two in two networks'

export const createInternet = () => {
  addNamespace(ROUTER)
  nft(ROUTER, RULES)
  let number = 0

  /** A public address, on a cable to the router. */
  const connect = (name: string, device: string, address: string, n: number): void => {
    const other = { name: ROUTER, device: `net${n}`, address: `44.128.${n}.1/24` }
    addCable({ name, device, address: `${address}/24` }, other)
    ip(name, [`route add default via 44.128.${n}.1`])
  }

  /** A host with a public address. */
  const addHost = (name: string): string => {
    number += 1
    const address = `44.128.${number}.2`
    addNamespace(name)
    connect(name, 'wan', address, number)
    return address
  }

  const addInside = (gateway: string, name: string, device: string, prefix: string, host = `${prefix}.2/24`): void => {
    addNamespace(name)
    addCable({ name: gateway, device, address: `${prefix}.1/24` }, { name, device: 'eth0', address: host })
    ip(name, [`route add default via ${prefix}.1`])
  }

  /** The hosts behind a gateway. Every home has the same addresses inside, as real ones do. */
  const addHosts = (name: string, gateway: string, inside: Inside): readonly string[] => {
    if (inside === 'one') {
      addInside(gateway, name, 'lan0', '192.168.1')
      return [name]
    }
    const names = [`${name}-1`, `${name}-2`]
    if (inside === 'two in two networks') {
      for (const [index, host] of names.entries()) addInside(gateway, host, `lan${index}`, `192.168.${index + 1}`)
      return names
    }
    ip(gateway, ['link add lan type bridge', 'address add 192.168.1.1/24 dev lan', 'link set lan up'])
    for (const [index, host] of names.entries()) {
      addNamespace(host)
      addCable(
        { name: gateway, device: `lan${index}` },
        { name: host, device: 'eth0', address: `192.168.1.${index + 2}/24` },
      )
      ip(gateway, [`link set lan${index} master lan`])
      ip(host, ['route add default via 192.168.1.1'])
    }
    return names
  }

  /** The gateway's own way to the Internet, through the carrier's translation if there is one. */
  const connectGateway = (gateway: string, kind: Kind, outside: string): void => {
    if (kind.carrier === undefined) {
      connect(gateway, 'wan', outside, number)
      return
    }
    const carrier = `${gateway}-carrier`
    addNamespace(carrier)
    connect(carrier, 'wan', outside, number)
    const inner = { name: carrier, device: 'homes', address: '100.64.0.1/24' }
    addCable(inner, { name: gateway, device: 'wan', address: '100.64.0.2/24' })
    ip(gateway, ['route add default via 100.64.0.1'])
    nft(carrier, kind.carrier)
  }

  /** A place of that kind, with people in it. */
  const addSite = (name: string, kind: Kind, inside: Inside = 'one'): Site => {
    if (kind.rules === null) {
      const outside = addHost(name)
      return { kind, hosts: [name], gateway: name, outside, number }
    }
    number += 1
    const gateway = `${name}-gateway`
    addNamespace(gateway)
    if (!kind.translated) {
      // A firewall translates nothing: the host has the public address, and the router sends it through the gateway.
      const outside = `44.128.${number}.130`
      connect(gateway, 'wan', `44.128.${number}.2`, number)
      ip(ROUTER, [`route add ${outside}/32 via 44.128.${number}.2`])
      addNamespace(name)
      const prefix = `44.128.${number}`
      addCable(
        { name: gateway, device: 'lan0', address: `${prefix}.129/25` },
        { name, device: 'eth0', address: `${outside}/25` },
      )
      ip(name, [`route add default via ${prefix}.129`])
      nft(gateway, kind.rules)
      return { kind, hosts: [name], gateway, outside, number }
    }
    const outside = `44.128.${number}.2`
    connectGateway(gateway, kind, outside)
    const hosts = addHosts(name, gateway, inside)
    nft(gateway, kind.rules)
    return { kind, hosts, gateway, outside, number }
  }

  return { router: ROUTER, addHost, addSite }
}

/** Bytes that passed the router from one public address to another, both ways added. */
export const bytesBetween = (a: string, b: string): number => {
  const { nftables } = JSON.parse(runWithin(ROUTER, ['nft', '-j', 'list', 'set', 'ip', 'path', 'seen']))
  let bytes = 0
  for (const { set } of nftables)
    for (const { elem } of set?.elem ?? []) {
      const [from, to] = elem.val.concat
      if ((from === a && to === b) || (from === b && to === a)) bytes += elem.counter.bytes
    }
  return bytes
}
