import { readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'
import { join } from 'node:path'

const DOCUMENT = join(import.meta.dirname, '../../docs/nat.md')

/** Puts a result between the two marks of its part in docs/nat.md, with the command, the day, and how busy the machine was. @throws Error when there are no such marks */
export const writeDocument = (part: string, command: string, text: string): void => {
  const [begin, end] = [`<!-- measured: ${part} -->`, `<!-- end of ${part} -->`]
  const pattern = new RegExp(`${RegExp.escape(begin)}[\\s\\S]*?${RegExp.escape(end)}`)
  const document = readFileSync(DOCUMENT, 'utf8')
  if (!pattern.test(document)) throw new Error(`docs/nat.md has no part '${part}'`)
  const day = new Date().toISOString().slice(0, 10)
  const load = `${availableParallelism()} cores, load average ${loadavg()[0]?.toFixed(1)}`
  const body = `${begin}\nMeasured ${day} by \`${command}\` (${load}).\n\n${text}\n${end}`
  writeFileSync(
    DOCUMENT,
    document.replace(pattern, () => body),
  )
}
