import { PassThrough, Writable } from 'node:stream'

const ESCAPE = String.fromCharCode(27)
/** An escape sequence, or any one character. */
const TOKEN = new RegExp(`${ESCAPE}\\[\\d*[A-Z]|.`, 'gsu')

/** As much of a terminal as line editing uses: what stands on the screen after everything that was written. */
export class Screen extends Writable {
  readonly isTTY = true
  readonly columns: number
  #rows: string[][] = [[]]
  #row = 0
  #column = 0

  constructor(columns: number) {
    super({ decodeStrings: false })
    this.columns = columns
  }

  /** The rows, without blanks at the end of each and below the last. */
  get text(): string {
    const rows = this.#rows.map((row) =>
      Array.from(row, (character) => character ?? ' ')
        .join('')
        .trimEnd(),
    )
    return rows.join('\n').trimEnd()
  }

  override _write(chunk: string | Buffer, _encoding: string, done: () => void): void {
    for (const [token] of chunk.toString().matchAll(TOKEN)) this.#take(token)
    done()
  }

  #take(token: string): void {
    const [, digits = '', command] = /^.\[(\d*)([A-Z])$/.exec(token) ?? []
    const amount = digits === '' ? 1 : Number(digits)
    if (command === 'A') this.#row = Math.max(0, this.#row - amount)
    else if (command === 'B') this.#row += amount
    else if (command === 'C') this.#column = Math.min(this.columns - 1, this.#column + amount)
    else if (command === 'D') this.#column = Math.max(0, this.#column - amount)
    else if (command === 'G') this.#column = amount - 1
    else if (command === 'J') this.#clearDown()
    else if (command === 'K') this.#line().splice(this.#column)
    else if (command !== undefined) throw new Error(`the screen does not know ${command}`)
    else if (token === '\r') this.#column = 0
    else if (token === '\n') this.#newLine()
    else if (token < ' ') throw new Error(`the screen was sent ${JSON.stringify(token)}`)
    else this.#put(token)
  }

  #line(): string[] {
    while (this.#rows.length <= this.#row) this.#rows.push([])
    return this.#rows[this.#row] ?? []
  }

  #newLine(): void {
    this.#row += 1
    this.#column = 0
    this.#line()
  }

  #put(character: string): void {
    // As real ones do, it goes on below only when there is something to write there.
    if (this.#column === this.columns) this.#newLine()
    const line = this.#line()
    while (line.length < this.#column) line.push(' ')
    line[this.#column] = character
    this.#column += 1
  }

  #clearDown(): void {
    this.#line().splice(this.#column)
    this.#rows.splice(this.#row + 1)
  }
}

/** And the keyboard before it. */
export class Keyboard extends PassThrough {
  readonly isTTY = true
  isRaw = false
  setRawMode(raw: boolean): this {
    this.isRaw = raw
    return this
  }
}
