/**
 * An unsigned number as HyperDHT writes it (compact-encoding): one byte up to 252; else 253, 254 or 255, and 2, 4 or 8 bytes, little-endian,
 * never more than are needed. @param value 0 to 2^53 − 1
 */
export const encodeUint = (value: number): Uint8Array => {
  if (value < 0xfd) return Uint8Array.of(value)
  const [mark, length] = value <= 0xffff ? [0xfd, 2] : value <= 0xffffffff ? [0xfe, 4] : [0xff, 8]
  return Uint8Array.from({ length: length + 1 }, (_, index) =>
    index === 0 ? mark : Math.floor(value / 256 ** (index - 1)) % 256,
  )
}
