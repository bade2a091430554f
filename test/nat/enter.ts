/**
 * Puts the laboratory into namespaces of its own, for the network, mounts and processes: nothing in it can reach this machine's network, and
 * when its first process ends, however it ends, the kernel ends all others in it and takes every namespace, cable and rule away.
 */

import { spawnSync } from 'node:child_process'

/** With it a process knows that it is the first of a laboratory. */
const INSIDE = 'HANDFAST_NAT_LABORATORY'

/** A /run of its own for the names of the namespaces; no IPv6, which would send on its own account. */
const SETUP = `
set -e
mount -t tmpfs tmpfs /run
mkdir /run/netns
for file in /proc/sys/net/ipv6/conf/*/disable_ipv6; do [ ! -e "$file" ] || echo 1 > "$file"; done
ip link set lo up
exec "$@"
`

const PATH = `${process.env.PATH}:/usr/sbin:/sbin`

export const isInside = (): boolean => process.env[INSIDE] !== undefined && process.pid === 1

/** The command that runs `script` as the first process of a laboratory. Whoever started it may die by SIGKILL: so does all of it. */
export const laboratoryCommand = (script: string, argv: readonly string[]): readonly [string, readonly string[]] => {
  const mapped = process.getuid?.() === 0 ? [] : ['--map-root-user']
  const unshare = ['unshare', ...mapped, '--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
  const node = [process.execPath, '--disable-sigusr1', script, ...argv]
  return ['setpriv', ['--pdeathsig', 'KILL', ...unshare, 'sh', '-c', SETUP, 'sh', ...node]]
}

export const laboratoryEnvironment = (): NodeJS.ProcessEnv => ({
  PATH,
  NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? '',
  HANDFAST_DEBUG: process.env.HANDFAST_DEBUG ?? '',
  TZ: 'UTC',
  [INSIDE]: '1',
})

/** What is missing for a laboratory on this machine, as a sentence; null when nothing is. */
export const whatIsMissing = (): string | null => {
  if (process.platform !== 'linux') return 'network namespaces are Linux’s'
  for (const tool of ['setpriv', 'unshare', 'nsenter', 'ip', 'nft'])
    if (spawnSync('sh', ['-c', `command -v ${tool}`], { env: { PATH } }).status !== 0) return `${tool} is not installed`
  const mapped = process.getuid?.() === 0 ? [] : ['--map-root-user']
  const rules = 'mount -t tmpfs tmpfs /run && ip link add name cable type veth peer name far && nft add table ip t'
  const tried = spawnSync('unshare', [...mapped, '--net', '--mount', 'sh', '-c', rules], { env: { PATH } })
  return tried.status === 0 ? null : `no network namespace can be made here: ${tried.stderr.toString().trim()}`
}
