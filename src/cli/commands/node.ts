import { isIPv4 } from 'node:net'
import { InvalidArgumentError } from 'commander'
import type { CommandFile } from '../context.ts'
import { readPort } from '../options/port.ts'
import { type TakeOverFlags, takeOverOption } from '../options/take-over.ts'
import { EXIT } from '../output/failure.ts'

type Endpoint = { readonly host: string; readonly port: number }

type Flags = TakeOverFlags & {
  readonly host?: string
  readonly public?: string
  readonly port?: number
  readonly mailbox?: boolean
  readonly relay?: boolean
  readonly persistent?: boolean
  readonly http?: Endpoint
}

export const nodeCommand: CommandFile = (program, start) =>
  takeOverOption(program.command('node'))
    .option('--host <address>', 'IPv4 address of this machine to bind')
    .option(
      '--public <address>',
      'IPv4 address others reach it at (default: as they see it, or that of --host)',
      readAddress,
    )
    .option('--port <number>', 'first UDP port; the three after it are opened too (default: a free one)', readPort)
    .option('--persistent', 'keep records, port and transport key in the data folder')
    .option('--mailbox', 'also keep a mailbox, as the identity in the data folder')
    .option('--relay', 'also forward for peers that cannot reach each other, what it cannot read')
    .option('--http <address>', 'serve /healthz and /metrics at host:port', readHttp)
    .summary('keep records for others; without --network, start a network')
    .description(
      'Runs a storage node of the network, and prints the address that others give as --network. Without --network it starts a new one; with it, it waits until somebody there answers.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  handfast node --host 127.0.0.1 --port 4000\n  handfast node --persistent --folder ./node --network 127.0.0.1:4000 --http 127.0.0.1:9464',
    )
    .action(
      ({ host, public: publicHost, port, mailbox = false, relay = false, persistent = false, http, takeOver }: Flags) =>
        start(async (context) => {
          const { runNode } = await import('../node/run-node.ts')
          return runNode(context, { host, publicHost, port, mailbox, relay, persistent, http, takeOver })
        }, EXIT.done),
    )

const readAddress = (text: string): string => {
  if (!isIPv4(text)) throw new InvalidArgumentError('It is an IPv4 address.')
  return text
}

const AS_ENDPOINT = 'It is written as host:port, with an IPv4 address of this machine.'

/** Not a host name: nobody should be asked for it, and `localhost` may be an IPv6 address, which no health check looks for. */
const readHttp = (text: string): Endpoint => {
  const [name = '', port, ...rest] = text.split(':')
  const host = name === 'localhost' ? '127.0.0.1' : name
  if (!isIPv4(host) || port === undefined || rest.length > 0) throw new InvalidArgumentError(AS_ENDPOINT)
  return { host, port: readPort(port) }
}
