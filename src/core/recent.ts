/** Remembers the last so many names; the oldest go. */
export type Recent = {
  has(name: string): boolean
  add(name: string): void
}

export const createRecent = (size: number): Recent => {
  const names = new Set<string>()
  return {
    has: (name) => names.has(name),
    add: (name) => {
      names.add(name)
      const [oldest] = names
      if (names.size > size && oldest !== undefined) names.delete(oldest)
    },
  }
}
