import type { Command, Told } from './command.ts'
import { codeOf, converse, type Outcome } from './conversation.ts'
import type { Inside, Internet, Site } from './internet.ts'
import { type Kind, kindOf } from './kinds.ts'
import { makePerson, type Network, type Person, startPerson } from './people.ts'
import { startProbe, verifySite } from './probe.ts'

/** Who can talk to whom: every kind of network dials every other. */

export type Pair = { readonly from: string; readonly to: string; readonly outcomes: readonly Outcome[] }

type Place = { readonly site: Site; readonly host: string }

/** Where the two of a pair stand: each in a place of its own, or both in one. */
export type Places = { readonly from: Place; readonly to: Place }

const TOGETHER: Readonly<Record<string, Inside>> = { lan: 'two in one network', subnets: 'two in two networks' }

const place = (site: Site, index = 0): Place => ({ site, host: site.hosts[index] ?? '' })

/** Makes the places that the pairs need, and holds every one against its name. @throws Error when one is another kind */
export const buildPlaces = async (
  internet: Internet,
  pairs: readonly string[],
): Promise<ReadonlyMap<string, Places>> => {
  const sites = new Map<string, Site>()
  const site = (name: string, kind: Kind, inside?: Inside): Site => {
    const made = sites.get(name) ?? internet.addSite(name, kind, inside)
    sites.set(name, made)
    return made
  }
  const placesOf = (pair: string): Places => {
    const [from = '', to = ''] = pair.split(':')
    const inside = TOGETHER[from]
    if (inside !== undefined) {
      const both = site(from, kindOf('port'), inside)
      return { from: place(both, 0), to: place(both, 1) }
    }
    return { from: place(site(`a-${from}`, kindOf(from))), to: place(site(`b-${to}`, kindOf(to))) }
  }
  const places = new Map(pairs.map((pair) => [pair, placesOf(pair)]))
  const [one, two] = [internet.addHost('probe1'), internet.addHost('probe2')].map((host) => host.replace(/2$/, '1'))
  using probe = await startProbe(internet.router, one ?? '', two ?? '')
  for (const made of sites.values()) verifySite(probe, made)
  return places
}

type Listener = { readonly command: Command; readonly person: Person }

/** How long somebody who waits for a network may do so before that is what comes of being called there, milliseconds. */
const WAITS_MS = 10_000

/** Whoever gets no UDP through waits for a network. */
const listen = async (host: string, list: string, options: readonly string[]): Promise<Listener | Outcome> => {
  const person = await makePerson(host)
  const command = startPerson(person, list, ['listen', ...options])
  const isUp = ({ event }: Told): boolean => event === 'listening'
  const isWaiting = ({ event, state }: Told): boolean => event === 'network' && state === 'waiting'
  const said = await command.next((one) => isUp(one) || isWaiting(one), { signal: AbortSignal.timeout(60_000) })
  const isOut = said !== null && !isUp(said)
  const listening = isOut ? await command.next(isUp, { signal: AbortSignal.timeout(WAITS_MS) }) : said
  if (listening !== null) return { command, person }
  await command.end('SIGKILL')
  const seconds = (performance.now() - command.began) / 1000
  return { path: 'none', seconds, code: isOut ? 'waits for a network' : codeOf(command) }
}

export type MatrixOptions = {
  readonly tries: number
  readonly parallel: number
  /** for `handfast listen` */
  readonly listening: readonly string[]
  readonly onPair: (pair: Pair) => void
}

/** All pairs with one listener, one after the other. */
const column = async (
  network: Network,
  pairs: readonly (readonly [string, Places])[],
  { tries, listening, onPair }: MatrixOptions,
): Promise<void> => {
  const host = pairs[0]?.[1].to.host ?? ''
  const listener = await listen(host, network.list, listening)
  for (const [name, { from, to }] of pairs) {
    const person = await makePerson(from.host)
    const outcomes: Outcome[] = []
    while (outcomes.length < tries)
      outcomes.push(
        'path' in listener
          ? listener
          : await converse({ person, site: from.site }, { person: listener.person, site: to.site }, network),
      )
    const [a = '', b = ''] = name.split(':')
    onPair({ from: a, to: b, outcomes })
  }
  if ('command' in listener) await listener.command.end()
}

export const runMatrix = async (
  network: Network,
  places: ReadonlyMap<string, Places>,
  options: MatrixOptions,
): Promise<void> => {
  const columns = Map.groupBy(places, ([, { to }]) => to.host)
  const left = [...columns.values()]
  const work = async (): Promise<void> => {
    for (let pairs = left.shift(); pairs !== undefined; pairs = left.shift()) await column(network, pairs, options)
  }
  await Promise.all(Array.from({ length: options.parallel }, work))
}
