import { isIPv4 } from 'node:net'
import type UDX from 'udx-native'
import type { NodeAddress } from '../directory/network-port.ts'

/** The addresses of this machine, and the one by which others are likely to reach it. */

const LOOPBACK_HOST = '127.0.0.1'
/** Cables and radio, as Linux, macOS and Windows call them: others are for containers, virtual machines and tunnels. */
const USUAL = /^(en|eth|wl|ethernet|wi-?fi)/i

/** Every IPv4 address of this machine that others may reach it at, the usual ones first. */
export const ownHosts = (udx: UDX): readonly string[] => {
  const ours = udx.networkInterfaces().filter(({ family, internal }) => family === 4 && !internal)
  const rank = ({ name }: { readonly name: string }): number => (USUAL.test(name) ? 0 : 1)
  return ours.toSorted((a, b) => rank(a) - rank(b)).map(({ host }) => host)
}

/** Where a node of this machine is reached that is bound to every interface. Without any there is only this machine. */
export const ownAddress = (udx: UDX, port: number): NodeAddress => ({ host: ownHosts(udx)[0] ?? LOOPBACK_HOST, port })

/** Whether a list of nodes names nobody but the one that is to be at that port: whoever gives all of his nodes one list may have one node. */
export const namesOnly = async (
  udx: UDX,
  list: readonly NodeAddress[],
  own: { readonly hosts: readonly (string | null)[]; readonly port: number },
): Promise<boolean> => {
  if (list.length === 0 || own.port === 0 || list.some(({ port }) => port !== own.port)) return false
  const hosts = [...own.hosts, ...ownHosts(udx)]
  const isOwn = async ({ host }: NodeAddress): Promise<boolean> =>
    hosts.includes(isIPv4(host) ? host : (await udx.lookup(host, { family: 4 })).host)
  return (await Promise.all(list.map((node) => isOwn(node).catch(() => false)))).every(Boolean)
}
