/**
 * Flow control of a frame stream, as a value: a side sends frames while the cost of those that the other has not reported as taken stays
 * within 1 MiB, so that a sender faster than its reader does not fill the reader's memory.
 *
 *     what happens            what changes
 *     a frame is sent         room − cost; never below 0: until then it waits
 *     room is reported to us  room + cost; never above 1 MiB: else it breaks the rules
 *     a frame arrives         granted − cost; never below 0: else it breaks the rules
 *     a frame is read         unreported + cost; at a quarter of 1 MiB it is reported: granted + unreported, and unreported 0
 */
export type FrameWindow = {
  /** cost of what we may still send */
  readonly room: number
  /** cost of what the other side may still send */
  readonly granted: number
  /** cost of what was read here and not yet reported */
  readonly unreported: number
}

/** Cost of frames on their way or unread: what a peer can make us hold per stream. */
const WINDOW = 1024 * 1024
/** Many tiny frames cost memory as well. */
const FRAME_COST = 64
/** Room is reported in steps, not frame by frame. */
const REPORT_STEP = WINDOW / 4

export const OPEN_WINDOW: FrameWindow = { room: WINDOW, granted: WINDOW, unreported: 0 }

export const costOf = (frame: Uint8Array): number => frame.length + FRAME_COST

/** Whether a frame may be sent; else it has to wait. */
export const hasRoom = ({ room }: FrameWindow, cost: number): boolean => cost <= room

export const sendIn = (window: FrameWindow, cost: number): FrameWindow => ({ ...window, room: window.room - cost })

/** null: more room than was ever used. */
export const gainRoom = (window: FrameWindow, cost: number): FrameWindow | null =>
  window.room + cost > WINDOW ? null : { ...window, room: window.room + cost }

/** null: the other side did not wait until it had room. */
export const arriveIn = (window: FrameWindow, cost: number): FrameWindow | null =>
  cost > window.granted ? null : { ...window, granted: window.granted - cost }

export const readFrom = (window: FrameWindow, cost: number): FrameWindow => ({
  ...window,
  unreported: window.unreported + cost,
})

/** Whether so much was read that the other side has to hear of it. */
export const isReportDue = ({ unreported }: FrameWindow): boolean => unreported >= REPORT_STEP

export const report = (window: FrameWindow): FrameWindow => ({
  ...window,
  granted: window.granted + window.unreported,
  unreported: 0,
})
