import { performance } from 'node:perf_hooks'
import type HyperDHT from 'hyperdht'
import { isLoopback, sourceNetworkOf } from '../directory/ip-networks.ts'
import { DHT_DELAYED_MAX, DHT_VALUE_BYTES_MAX } from '../directory/limits.ts'
import { createQuotas, WORK } from '../directory/node/quota.ts'
import { boundAnswer } from './answer-bound.ts'
import { type InternalRequest, internalsOf } from './hyperdht-internals.ts'
import { createReturnProof } from './return-proof.ts'
import { createSoftState, type SoftCounts } from './soft-state.ts'

/**
 * What a node answers and keeps beside the directory: HyperDHT's own commands, by which peers find each other. The same rules hold for them:
 * no more work for a network than its share, less than three times the bytes of whoever shows no token, and no more kept for
 * anybody than for others (docs/spec/directory.md §10).
 */
export type Serving = { readonly counts: ServingCounts }

/** What is kept now, and what happened since the start. */
export type ServingCounts = SoftCounts & {
  /** without those to the directory, which counts its own */
  readonly requests: number
  /** requests beyond a quota, which got no answer */
  readonly limited: number
}

/** Commands of dht-rpc. */
const PING = 0
const DELAYED_PING = 4
/** Commands of HyperDHT. */
const ANNOUNCE = 4
const UNANNOUNCE = 5
const MUTABLE_PUT = 6
const IMMUTABLE_PUT = 8
const PLUGIN = 10

const ERROR_UNKNOWN_COMMAND = 1
/** What this node keeps of itself. */
const OWN = ''

/** Ed25519 is quicker than P-256: a signature is a unit. Every peer pings the nodes that know it each 3 s, and a network may have thousands. */
const unitsOf = ({ internal, command }: InternalRequest): number => {
  if (internal) return command === PING ? WORK.request / 5 : WORK.request
  return [ANNOUNCE, UNANNOUNCE, MUTABLE_PUT].includes(command) ? 2 * WORK.request : WORK.request
}

/** What the ports of one machine have in common: they are no more for others together than one would be. */
export type Shared = { readonly quotas: Quotas; readonly ports: number }

type Quotas = ReturnType<typeof createQuotas>

/** For a machine with so many ports. */
export const shareServing = (ports: number): Shared => ({ quotas: createQuotas(), ports })

/**
 * Puts the rules in place; to be called in the tick that made the node, before its sockets open.
 * @param exempt addresses that no quota holds; default: those of this machine
 */
export const guardServing = (
  dht: HyperDHT,
  exempt: (host: string) => boolean = isLoopback,
  { quotas, ports }: Shared = shareServing(1),
): Serving => {
  const internals = internalsOf(dht)
  const { io } = internals
  const proof = createReturnProof(exempt)
  const now = (): number => performance.now()
  let source = OWN
  const kept = createSoftState(internals, { source: () => source, now, ports })
  let requests = 0
  let limited = 0

  const onmessage = io.onmessage.bind(io)
  io.onmessage = (socket, message, from) => {
    if (!proof.take(message, from)) onmessage(socket, message, from)
  }

  /** Whether it is one too many of its network. The directory has quotas of its own. */
  const isTooMany = (request: InternalRequest): boolean => {
    if (!request.internal && request.command === PLUGIN) return false
    if (request.internal && request.command === DELAYED_PING && internals._pendingTimers.size >= DHT_DELAYED_MAX)
      return true
    const { host } = request.from
    if (exempt(host)) return false
    const quota = request.token === null ? quotas.unproven : quotas.proven
    const at = now() / 1000
    if (!quota.allows(sourceNetworkOf(host), at)) return true
    quota.charge(sourceNetworkOf(host), at, unitsOf(request))
    return false
  }

  const isTooLarge = ({ internal, command, value }: InternalRequest): boolean =>
    !internal && (command === MUTABLE_PUT || command === IMMUTABLE_PUT) && (value?.length ?? 0) > DHT_VALUE_BYTES_MAX

  const onrequest = io.onrequest.bind(io)
  io.onrequest = (request, external) => {
    if (request.internal || request.command !== PLUGIN) requests += 1
    if (isTooMany(request)) {
      limited += 1
      return
    }
    boundAnswer(request, proof)
    if (isTooLarge(request)) return request.error(ERROR_UNKNOWN_COMMAND)
    source = sourceNetworkOf(request.from.host)
    try {
      onrequest(request, external)
    } finally {
      source = OWN
    }
  }

  dht.once('persistent', kept.replace)
  dht.once('close', proof.destroy)
  return {
    get counts() {
      return { ...kept.counts, requests, limited }
    },
  }
}
