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
