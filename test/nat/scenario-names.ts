/** What `npm run nat -- --scenario` knows; `scenarios.ts` does them. Apart, so that the usage is told without loading all of it. */
export const SCENARIOS = [
  'mtu',
  'mtu-silent',
  'loss-1',
  'loss-5',
  'address-caller',
  'address-called',
  'nodes-restart',
  'node-dies',
  'asleep-200',
  'node-at-home',
  'relay-dies',
] as const

export type ScenarioName = (typeof SCENARIOS)[number]
