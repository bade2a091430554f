/** A map of so many entries: a new one takes the place of the oldest. */
export class BoundedMap<K, V> extends Map<K, V> {
  readonly #max: number

  constructor(max: number) {
    super()
    this.#max = max
  }

  override set(key: K, value: V): this {
    if (this.size >= this.#max && !this.has(key)) {
      const [oldest] = this.keys()
      if (oldest !== undefined) this.delete(oldest)
    }
    return super.set(key, value)
  }
}

/** A set of so many entries: whoever wants more is told of to `onMore`, and gets no room. */
export class BoundedSet<V> extends Set<V> {
  readonly #max: number
  readonly #onMore: () => void

  constructor(max: number, onMore: () => void) {
    super()
    this.#max = max
    this.#onMore = onMore
  }

  override add(value: V): this {
    if (this.size < this.#max || this.has(value)) return super.add(value)
    this.#onMore()
    return this
  }
}
