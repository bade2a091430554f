/** What the brackets of an error say of something that is too large: how large it is, and how large it may be. */
export const tooLarge = (size: number, most: number, unit = 'bytes'): string =>
  `it has ${size} ${unit}, and ${most} are the most`
