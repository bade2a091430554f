import { isIPv4 } from 'node:net'
import { join } from 'node:path'
import { EncodingError, StoreError } from '../core/errors.ts'
import { list, literal, type Reader, record, text } from '../core/fields.ts'
import { KNOWN_CONTACTS_MAX, KNOWN_NETWORKS_MAX, NODE_SEEDS_MAX } from '../core/limits/record-limits.ts'
import { checkVersion, readPrivate, writePrivate } from './private-files.ts'

/**
 * The nodes that were seen alive, and where contacts were met last, so that a network is found again when nobody of its list answers
 * (`nodes.json`, docs/spec/store.md). All of it is only a place to ask at: nothing is believed because of it. Each network has its own.
 */
export type KnownNodes = {
  /** Nodes seen alive, then places of contacts. */
  readonly places: readonly Place[]
  /** Puts nodes that are alive before those of earlier. Waits until it is on disk. @throws StoreError ERR_STORE_PERMISSION, _FULL, _IO */
  remember(alive: readonly Place[]): Promise<void>
  /** A contact, by address, was met there; written with the next nodes. */
  met(contact: string, place: Place): void
}

export type Place = { readonly host: string; readonly port: number }

/** A network by what leads into it: `public`, `lan`, 'host:port' with commas, or nothing for one that begins here. */
type Known = {
  readonly network: string
  readonly nodes: readonly string[]
  readonly contacts: readonly { readonly contact: string; readonly place: string }[]
}

const NAME = 'nodes.json'
const VERSION = 1
const NETWORK_LENGTH_MAX = 8_192
const ADDRESS_LENGTH_MAX = 80

const readPlace = (written: string): Place | null => {
  const [host = '', port = '', ...rest] = written.split(':')
  const number = /^\d{1,5}$/.test(port) ? Number(port) : 0
  return rest.length === 0 && isIPv4(host) && number >= 1 && number <= 65_535 ? { host, port: number } : null
}

const writePlace = ({ host, port }: Place): string => `${host}:${port}`

const place: Reader<string> = (value, name) => {
  const written = text(21)(value, name)
  if (readPlace(written) === null) throw new EncodingError('ERR_FIELD', { hint: `${name}: an address and a port` })
  return written
}

const readKnown = record<{ readonly version: number; readonly networks: readonly Known[] }>({
  version: literal(VERSION),
  networks: list(
    record<Known>({
      network: text(NETWORK_LENGTH_MAX),
      nodes: list(place, 0, NODE_SEEDS_MAX),
      contacts: list(record({ contact: text(ADDRESS_LENGTH_MAX), place }), 0, KNOWN_CONTACTS_MAX),
    }),
    0,
    KNOWN_NETWORKS_MAX,
  ),
})

/** A list that was changed leads into the same network as long as one of its nodes stays. */
const isSame = (a: string, b: string): boolean => {
  const others = b.split(',')
  return a.split(',').some((node) => others.includes(node))
}

/** A file that cannot be read is as none: others tell of nodes again. */
const readAll = async (path: string): Promise<readonly Known[]> => {
  const content = await readPrivate(path)
  if (content === null) return []
  try {
    const value: unknown = JSON.parse(content)
    checkVersion(value, VERSION)
    return readKnown(value, 'nodes').networks
  } catch (error) {
    if (error instanceof StoreError || error instanceof EncodingError || error instanceof SyntaxError) return []
    throw error
  }
}

/**
 * @param network as it was chosen: what is remembered of another is not used here
 * @throws StoreError ERR_STORE_EXPOSED, _LINK, _PERMISSION, _IO
 */
export const openKnownNodes = async (folder: string, network: string): Promise<KnownNodes> => {
  const path = join(folder, NAME)
  const all = await readAll(path)
  const before = all.find((one) => isSame(one.network, network))
  let nodes: readonly string[] = before?.nodes ?? []
  const contacts = new Map((before?.contacts ?? []).map((one) => [one.contact, one.place]))
  let written = JSON.stringify([nodes, [...contacts]])
  let writing: Promise<void> = Promise.resolve()

  const write = async (): Promise<void> => {
    const state = JSON.stringify([nodes, [...contacts]])
    if (state === written) return
    const own: Known = {
      network: network.slice(0, NETWORK_LENGTH_MAX),
      nodes,
      contacts: [...contacts].map(([contact, at]) => ({ contact, place: at })),
    }
    // Another program on this folder may have written of another network meanwhile.
    const others = (await readAll(path)).filter((one) => !isSame(one.network, network))
    const networks = [own, ...others].slice(0, KNOWN_NETWORKS_MAX)
    await writePrivate(path, JSON.stringify({ version: VERSION, networks }, null, 2))
    written = state
  }

  return {
    get places() {
      return [...new Set([...nodes, ...contacts.values()])].flatMap((one) => readPlace(one) ?? [])
    },
    remember: (alive) => {
      const seen = alive.map(writePlace).filter((one) => readPlace(one) !== null)
      nodes = [...new Set([...seen, ...nodes])].slice(0, NODE_SEEDS_MAX)
      const done = writing.then(write)
      writing = done.catch(() => {})
      return done
    },
    met: (contact, at) => {
      const met = writePlace(at)
      if (readPlace(met) === null) return
      contacts.delete(contact)
      contacts.set(contact, met)
      const [oldest = ''] = contacts.keys()
      if (contacts.size > KNOWN_CONTACTS_MAX) contacts.delete(oldest)
    },
  }
}
