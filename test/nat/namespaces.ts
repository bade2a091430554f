import { spawnSync } from 'node:child_process'

/** Hosts and routers of the laboratory: each is a network namespace with cables to others. */

/** @throws Error with what the tool said */
const run = (command: readonly [string, ...string[]], input = ''): string => {
  const [tool, ...argv] = command
  const { status, stdout, stderr, error } = spawnSync(tool, argv, { input, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command.join(' ')}: ${error?.message ?? stderr.trim()}\n${input}`)
  return stdout
}

/** What is run in a namespace is put behind this. */
export const within = (name: string): readonly [string, ...string[]] => ['nsenter', `--net=/run/netns/${name}`]

export const runWithin = (name: string, command: readonly string[], input = ''): string =>
  run([...within(name), ...command], input)

/** Lines as ip(8) takes them. */
export const ip = (name: string, lines: readonly string[]): void => {
  if (lines.length > 0) runWithin(name, ['ip', '-batch', '-'], `${lines.join('\n')}\n`)
}

/** Rules as nft(8) takes them. */
export const nft = (name: string, rules: string): string => runWithin(name, ['nft', '-f', '-'], rules)

/** Forwards if it has several cables; what a bridge carries is no router's business. */
const SETTINGS = `
for file in /proc/sys/net/ipv6/conf/*/disable_ipv6; do [ ! -e "$file" ] || echo 1 > "$file"; done
echo 1 > /proc/sys/net/ipv4/ip_forward
for file in /proc/sys/net/bridge/bridge-nf-call-iptables; do [ ! -e "$file" ] || echo 0 > "$file"; done
ip link set lo up
`

/** Makes a namespace without any cable. */
export const addNamespace = (name: string): void => {
  run(['ip', 'netns', 'add', name])
  runWithin(name, ['sh', '-c', SETTINGS])
}

export type End = {
  readonly name: string
  readonly device: string
  /** '192.168.1.1/24'; none for what is put into a bridge */
  readonly address?: string
}

/** A cable between two namespaces. */
export const addCable = (a: End, b: End): void => {
  run(['ip', 'link', 'add', a.device, 'netns', a.name, 'type', 'veth', 'peer', 'name', b.device, 'netns', b.name])
  for (const { name, device, address } of [a, b])
    ip(name, [...(address === undefined ? [] : [`address add ${address} dev ${device}`]), `link set ${device} up`])
}

/** Takes all of them away, with their cables and rules; what still runs in one keeps that one alive. */
export const removeNamespaces = (): void => void run(['ip', '-all', 'netns', 'delete'])
