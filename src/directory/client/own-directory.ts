import type { DirectoryNetwork } from '../network-port.ts'
import type { Directory } from './directory.ts'
import { fetchKem } from './fetch-kem.ts'
import { askTimes, listenTo, type Times } from './heard-times.ts'
import { lookup } from './lookup.ts'
import { checkPublication } from './publication-check.ts'
import { publish } from './publish.ts'

/** The directory of Handfast's own storage nodes, which verify what they keep. */
export const createOwnDirectory = (network: DirectoryNetwork): Directory => {
  const hearing = (times: Times | undefined): DirectoryNetwork =>
    times === undefined ? network : listenTo(network, times).network
  return {
    lookup: (id, { times, ...options }) => lookup(hearing(times), id, options),
    publish: (records, { signal, times }) =>
      publish(network, records, signal, times === undefined ? undefined : listenTo(network, times)),
    check: (records, { times, ...options }) => checkPublication(hearing(times), records, options),
    keep: async (log, { signal }) => void (await publish(network, { log }, signal)),
    fetchKem: (found, signal) => fetchKem(network, found, signal),
    askTimes: (world, signal) => askTimes(network, world, signal),
  }
}
