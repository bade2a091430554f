import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Site } from './internet.ts'
import type { Behaviour } from './kinds.ts'
import { runWithin, within } from './namespaces.ts'

/** Whether a place behaves as its name says. A laboratory whose NATs are not what they are called would prove nothing. */

const SERVER = join(import.meta.dirname, 'probe-server.ts')
const CLIENT = join(import.meta.dirname, 'probe-client.ts')

export type Probed = Behaviour & {
  /** address and port as others see them */
  readonly seen: string | null
}

export type Probe = Disposable & { ask(host: string): Probed }

/** @param a @param b addresses of the Internet's router, in whose namespace `router` the server runs */
export const startProbe = async (router: string, a: string, b: string): Promise<Probe> => {
  const [tool, ...argv] = [...within(router), process.execPath, SERVER, a, b]
  const server = spawn(tool ?? '', argv, { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(server.stdout, 'data')
  return {
    ask: (host) => JSON.parse(runWithin(host, [process.execPath, CLIENT, a, b])),
    [Symbol.dispose]: () => void server.kill('SIGKILL'),
  }
}

/** @throws Error when a host of the site sees another kind of network than its name says */
export const verifySite = (probe: Probe, { kind, hosts, outside }: Site): void => {
  for (const host of hosts) {
    const { seen, ...found } = probe.ask(host)
    for (const name of ['translated', 'mapping', 'filtering'] as const)
      if (found[name] !== kind[name])
        throw new Error(`${host} should be ${kind.title}: its ${name} is ${found[name]}, not ${kind[name]}`)
    const address = seen?.split(':')[0] ?? null
    if (address !== (kind.mapping === null ? null : outside))
      throw new Error(`${host} is seen at ${seen}, not ${outside}`)
  }
}
