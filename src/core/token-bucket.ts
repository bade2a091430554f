/** A rate: so much at once, and so much more each second. */
export type Rate = { readonly burst: number; readonly perSecond: number }

/** What is left of a rate at a time, milliseconds since 1970. */
export type Bucket = { readonly left: number; readonly at: number }

export const fullBucket = ({ burst }: Rate, now: number): Bucket => ({ left: burst, at: now })

/** The bucket as it is now. A clock that was set back adds nothing, and takes nothing away. */
export const refill = ({ burst, perSecond }: Rate, { left, at }: Bucket, now: number): Bucket => ({
  left: Math.min(burst, left + (Math.max(0, now - at) / 1000) * perSecond),
  at: now,
})

/** @param cost of what was taken; what is more than was left is owed */
export const spend = ({ left, at }: Bucket, cost: number): Bucket => ({ left: left - cost, at })

/** Milliseconds until so much is left; 0 when it is. More than the burst is as much as the burst. */
export const waitFor = ({ burst, perSecond }: Rate, { left }: Bucket, wanted: number): number =>
  Math.ceil((Math.max(0, Math.min(burst, wanted) - left) / perSecond) * 1000)
