import { churns } from './churns.ts'
import { expiry } from './expiry.ts'
import { flooding } from './flooding.ts'
import { memory } from './memory.ts'
import { messages } from './messages.ts'
import type { Scenario } from './scenario.ts'
import { sieges, stockSieges } from './sieges.ts'
import { stockScenarios } from './stock.ts'
import { surrounds } from './surrounds.ts'

/** Every scenario, in the order of `--list`. */
export const SCENARIOS: readonly Scenario[] = [
  ...sieges,
  ...surrounds,
  ...churns,
  expiry,
  flooding,
  messages,
  memory,
  ...stockSieges,
  ...stockScenarios,
]
