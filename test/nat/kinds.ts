/** The kinds of network a person can stand in, and how each has to behave (RFC 4787, RFC 5780). */

export type Behaviour = {
  /** Whether others see another address than the host's own. */
  readonly translated: boolean
  /** Whether the address that others see is the same for all of them; null: nobody sees any. */
  readonly mapping: 'endpoint-independent' | 'address-and-port-dependent' | null
  /** Who may send to it. */
  readonly filtering: 'endpoint-independent' | 'address-and-port-dependent' | null
}

export type KindName = 'open' | 'fire' | 'cone' | 'port' | 'sym' | 'cgn' | 'none'

export type Kind = Behaviour & {
  readonly name: KindName
  readonly title: string
  /** nft rules of the gateway; its outer device is `wan`. null: no gateway, the host has a public address. */
  readonly rules: string | null
  /** Rules of a second translation, by the carrier. */
  readonly carrier?: string
}

/**
 * What comes from outside and belongs to nothing is dropped, also where it is for the gateway itself: otherwise the kernel would remember
 * it, and give the answer another port than the one that was kept for it.
 */
const gate = (forward: string, more = ''): string => `
table ip gate {
  chain forward {
    type filter hook forward priority 0; policy drop;
    ct state established,related accept
    ${forward}
  }
  chain input {
    type filter hook input priority 0; policy drop;
    iifname != "wan" accept
    ct state established,related accept
    ip protocol icmp accept
  }
  ${more}
}`

const FROM_INSIDE = 'iifname != "wan" accept'

/** The port stays what it was, as home routers keep it. */
const KEEPS_PORT = 'chain post { type nat hook postrouting priority srcnat; oifname "wan" masquerade; }'
/** Another port for every partner. */
const RANDOM_PORT = 'chain post { type nat hook postrouting priority srcnat; oifname "wan" masquerade fully-random; }'

/** Whoever sends to a port that something inside has sent from reaches it. */
const FULL_CONE = `
  map mapped { type inet_service : ipv4_addr; size 65535; flags dynamic,timeout; timeout 5m; }
  chain note { type filter hook postrouting priority 0; oifname "wan" meta l4proto udp update @mapped { udp sport : ip saddr }; }
  chain pre { type nat hook prerouting priority dstnat; iifname "wan" meta l4proto udp dnat to udp dport map @mapped; }
  ${KEEPS_PORT}`

const KEPT = { translated: true, mapping: 'endpoint-independent', filtering: 'address-and-port-dependent' } as const

export const KINDS: readonly Kind[] = [
  {
    ...{ name: 'open', title: 'public address, nothing before it', rules: null },
    ...{ translated: false, mapping: 'endpoint-independent', filtering: 'endpoint-independent' },
  },
  {
    ...{ name: 'fire', title: 'public address behind a stateful firewall', rules: gate(FROM_INSIDE) },
    ...{ ...KEPT, translated: false },
  },
  {
    ...{ name: 'cone', title: 'full cone NAT', rules: gate(`${FROM_INSIDE}\n    ct status dnat accept`, FULL_CONE) },
    ...{ ...KEPT, filtering: 'endpoint-independent' },
  },
  { name: 'port', title: 'port-restricted NAT', rules: gate(FROM_INSIDE, KEEPS_PORT), ...KEPT },
  {
    ...{ name: 'sym', title: 'symmetric NAT', rules: gate(FROM_INSIDE, RANDOM_PORT) },
    ...{ ...KEPT, mapping: 'address-and-port-dependent' },
  },
  {
    ...{ name: 'cgn', title: 'port-restricted NAT behind that of a carrier', ...KEPT },
    ...{ rules: gate(FROM_INSIDE, KEEPS_PORT), carrier: gate(FROM_INSIDE, KEEPS_PORT) },
  },
  {
    ...{ name: 'none', title: 'NAT that lets no UDP through', translated: true, mapping: null, filtering: null },
    rules: gate(`meta l4proto udp drop\n    ${FROM_INSIDE}`, KEEPS_PORT),
  },
]

/** A home whose router sends four UDP ports on to the one host in it; from inside it is not reached at its outer address. */
export const FORWARDING: Kind = {
  ...{ ...KEPT, name: 'port', title: 'port-restricted NAT with forwarded ports' },
  rules: gate(
    `${FROM_INSIDE}\n    ct status dnat accept`,
    `chain pre { type nat hook prerouting priority dstnat; iifname "wan" udp dport 49737-49740 dnat to 192.168.1.2; }
  ${KEEPS_PORT}`,
  ),
}

/** @throws Error when there is no such kind */
export const kindOf = (name: string): Kind => {
  const kind = KINDS.find((one) => one.name === name)
  if (kind === undefined) throw new Error(`there is no kind of network '${name}'`)
  return kind
}
