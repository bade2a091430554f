import { PEER, remoteOf } from '../chat/happenings.ts'
import { type Row, SHORT } from './reporter-rows.ts'

/** That nobody in the network answers, and that they do again. */
export const NETWORK_ROWS: readonly Row[] = [
  [
    {
      type: 'network',
      state: 'waiting',
      since: 5_000,
      nodes: 0,
      port: 4000,
      nat: 'open',
      address: null,
      entrance: '192.0.2.1:4000',
    },
    [
      {
        event: 'network',
        state: 'waiting',
        since: 5,
        nodes: 0,
        nat: 'open',
        address: null,
        entrance: '192.0.2.1:4000',
      },
    ],
    [/^\* waiting for a network: nobody answers, .*; others can come in by --network 192\.0\.2\.1:4000$/],
  ],
  [
    {
      ...{ type: 'network', state: 'joined', since: 6_999, nodes: 3, port: 4000, nat: 'consistent', entrance: null },
      address: { host: '192.0.2.2', port: 4001 },
    },
    [
      {
        event: 'network',
        state: 'joined',
        since: 6,
        nodes: 3,
        nat: 'consistent',
        address: '192.0.2.2:4001',
        entrance: null,
      },
    ],
    ['* in the network: 3 nodes, which see it at 192.0.2.2:4001, behind a router or a firewall'],
  ],
]

/** By which way two talk, and what is done to find one. */
export const WAY_ROWS: Readonly<Record<'dialling' | 'way', readonly Row[]>> = {
  dialling: [
    [
      { type: 'dialling', address: PEER, step: 'again' },
      [{ event: 'dialling', peer: PEER, step: 'again' }],
      [/from another port$/],
    ],
    [
      { type: 'dialling', address: PEER, step: 'random' },
      [{ event: 'dialling', peer: PEER, step: 'random' }],
      [/may take half a minute$/],
    ],
    [
      { type: 'dialling', address: PEER, step: 'relay' },
      [{ event: 'dialling', peer: PEER, step: 'relay' }],
      [/through the relay that it names$/],
    ],
  ],
  way: [
    [
      { type: 'way', remote: remoteOf({ direction: 'out' }), way: 'direct' },
      [{ event: 'way', peer: PEER, way: 'direct' }],
      [`* ${SHORT}: the connection goes directly now`],
    ],
    [
      { type: 'way', remote: remoteOf({ direction: 'out' }), way: 'relayed' },
      [{ event: 'way', peer: PEER, way: 'relayed' }],
      [`* ${SHORT}: the connection goes through a relay now, which cannot read it`],
    ],
  ],
}
