import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** How vectors lie on disk: `<folder>/NN-name.json`, one case a file, numbered in the order in which they are listed. */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** One case: what goes in, and either the `error` it must give or what must come out. Bytes are hex. */
export type Vector = { readonly description: string; readonly [field: string]: Json }

/** The vectors of one folder, by name. */
export type Vectors = { readonly [name: string]: Vector }

/** The same, each made when it is asked for. */
export type VectorMakers = { readonly [name: string]: () => Vector }

const ROOT = fileURLToPath(new URL('.', import.meta.url))

export const vectorFile = (index: number, name: string): string => `${String(index + 1).padStart(2, '0')}-${name}.json`

export const vectorText = (vector: Vector): string => `${JSON.stringify(vector, null, 2)}\n`

export const listFiles = (folder: string): string[] =>
  readdirSync(`${ROOT}${folder}`).sort(new Intl.Collator('en', { numeric: true }).compare)

export const readFile = (folder: string, file: string): string => readFileSync(`${ROOT}${folder}/${file}`, 'utf8')

/** What stands on disk under this name, whatever its number; undefined before it was first written. */
export const readVector = (folder: string, name: string): Vector | undefined => {
  mkdirSync(`${ROOT}${folder}`, { recursive: true })
  const file = listFiles(folder).find((one) => one.replace(/^\d+-/, '') === `${name}.json`)
  return file === undefined ? undefined : JSON.parse(readFile(folder, file))
}

/** Writes a folder and removes every file in it that is neither a vector of this list nor `kept`. */
export const writeFolder = (folder: string, vectors: Vectors, kept: readonly string[] = []): void => {
  mkdirSync(`${ROOT}${folder}`, { recursive: true })
  const wanted = new Map(Object.entries(vectors).map(([name, vector], index) => [vectorFile(index, name), vector]))
  for (const file of listFiles(folder))
    if (!wanted.has(file) && !kept.includes(file)) rmSync(`${ROOT}${folder}/${file}`)
  for (const [file, vector] of wanted) writeFileSync(`${ROOT}${folder}/${file}`, vectorText(vector))
}
