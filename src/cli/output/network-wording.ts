import type { CliEvent, Wording } from './cli-events.ts'
import { count } from './format.ts'

/** How others see a peer, in what that means for it. */
const SEEN: Readonly<Record<CliEvent<'network'>['nat'], (address: string) => string>> = {
  unknown: () => '',
  open: (address) => `, which reach it at ${address}`,
  consistent: (address) => `, which see it at ${address}, behind a router or a firewall`,
  random: (address) => `, which see it at ${address}, behind a router that shows each of them another port`,
}

/** What is told of networks: a part of `wording.ts`. */
export const networkWording: Pick<Wording, 'network' | 'chosen-network'> = {
  network: ({ state, nodes, nat, address, entrance }) => {
    if (state === 'joined')
      return [`* in the network: ${count(nodes, 'node', 'nodes')}${address === null ? '' : SEEN[nat](address)}`]
    const way = entrance === null ? '' : `; others can come in by --network ${entrance}`
    return [`* waiting for a network: nobody answers, and what needs one waits until somebody does${way}`]
  },
  'chosen-network': ({ network, now }) => [
    `network    ${network}`,
    ...(now === null ? [] : [`now        ${now}, as the command line or HANDFAST_NETWORK says`]),
  ],
}
