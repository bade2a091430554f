/** The value below which a share `q` (0 to 1) of the values lie; 0 of none. */
export const quantile = (values: readonly number[], q: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0
}

export const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length

/** How many of the items are so, 0 to 1; 1 of none. */
export const shareOf = <T>(items: readonly T[], is: (item: T) => boolean): number =>
  items.length === 0 ? 1 : items.filter(is).length / items.length

/** 0.9995 → "99.95%": never rounded up to a number that was not reached. */
export const percent = (share: number): string => `${(Math.floor(share * 10_000) / 100).toFixed(2)}%`

export const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(2)} s`
