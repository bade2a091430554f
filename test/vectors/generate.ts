import { readdirSync } from 'node:fs'

/**
 * Writes every vector anew: `npm run vectors`, after which `git diff` shows what a change of the protocol changed.
 * Signatures and encapsulations that still hold are kept; `npm run vectors -- --renew` replaces them too.
 *
 * Each `generate-*.ts` exports the `folders` it owns and `generate()`, which writes them.
 */

export type Generator = { readonly folders: readonly string[]; readonly generate: () => Promise<void> }

/** Every `generate-*.ts` beside this file. */
export const loadGenerators = (): Promise<Generator[]> =>
  Promise.all(
    readdirSync(import.meta.dirname)
      .filter((file) => /^generate-.*\.ts$/.test(file))
      .sort()
      .map((file): Promise<Generator> => import(`./${file}`)),
  )

if (import.meta.main) for (const { generate } of await loadGenerators()) await generate()
