import type { ClockReading } from '../../directory/client/heard-times.ts'
import type { CliEvent, Emit } from './cli-events.ts'

/** That this computer's clock is off, as those have it who were asked for something: both times. @param now this clock, milliseconds */
export const clockEvent = ({ ahead, networks }: ClockReading, now: number): CliEvent<'clock'> => {
  const here = Math.floor(now / 1000)
  return { event: 'clock', here, there: Math.max(0, here - (ahead ?? 0)), networks }
}

type Teller = { readonly emit: Emit; readonly clockIsRight: boolean }

/** Says both times when the clock of this computer is off, unless its owner said that it is right. */
export const tellClock = async ({ emit, clockIsRight }: Teller, said: ClockReading): Promise<void> => {
  if (said.off && !clockIsRight) await emit(clockEvent(said, Date.now()))
}

/** `tellClock` of what a peer has heard by the end of a block, however that ends. */
export const tellingClock = (teller: Teller, peer: { readonly clock: ClockReading }): AsyncDisposable => ({
  [Symbol.asyncDispose]: () => tellClock(teller, peer.clock),
})
