/** Bytes that came and were not read. They lie in blocks, so that a thousand pieces of one byte take no more memory than one of a thousand. */
export type ByteQueue = {
  readonly size: number
  /** Copies them. */
  put(bytes: Uint8Array): void
  /** Some of the first bytes; null when there are none. They are the caller's. */
  take(): Uint8Array | null
  clear(): void
}

const BLOCK_BYTES = 16 * 1024

type Block = { readonly bytes: Uint8Array; filled: number }

export const createByteQueue = (): ByteQueue => {
  const blocks: Block[] = []
  let size = 0

  const lastWithSpace = (): Block => {
    const last = blocks.at(-1)
    if (last !== undefined && last.filled < BLOCK_BYTES) return last
    const block = { bytes: new Uint8Array(BLOCK_BYTES), filled: 0 }
    blocks.push(block)
    return block
  }

  return {
    get size() {
      return size
    },
    put: (bytes) => {
      for (let from = 0; from < bytes.length; ) {
        const block = lastWithSpace()
        const part = bytes.subarray(from, from + BLOCK_BYTES - block.filled)
        block.bytes.set(part, block.filled)
        block.filled += part.length
        from += part.length
      }
      size += bytes.length
    },
    take: () => {
      const block = blocks.shift()
      if (block === undefined) return null
      size -= block.filled
      const { bytes, filled } = block
      // A copy of few bytes: whoever keeps them should not keep the block.
      return filled < BLOCK_BYTES / 2 ? bytes.slice(0, filled) : bytes.subarray(0, filled)
    },
    clear: () => {
      blocks.length = 0
      size = 0
    },
  }
}
