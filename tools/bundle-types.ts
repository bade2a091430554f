import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateDtsBundle } from 'dts-bundle-generator'

/**
 * Writes the declarations that are published: one file for each entry of the package, with what its exports need and nothing else. So no
 * user's compiler meets the types of what we only use inside, which some libraries do not ship.
 */

/** Words of a declaration that not every program's compiler knows, and what makes it know them. */
const NEEDS: readonly { readonly word: RegExp; readonly head?: string; readonly tail?: string }[] = [
  { word: /\bfrom 'node:/, head: '/// <reference types="node" />\n' },
  {
    word: /\b(Async)?Disposable\b|\bSymbol\.(asyncDispose|dispose)\b/,
    head: '/// <reference lib="esnext.disposable" />\n',
  },
  // With the types of Node or of a browser this adds nothing to theirs.
  { word: /\bAbortSignal\b/, tail: '\ndeclare global {\n\tinterface AbortSignal {}\n}\n' },
]

/** The bundler reads declarations by the last TypeScript that has an interface for programs. */
const OPTIONS = {
  target: 'esnext',
  lib: ['esnext'],
  module: 'nodenext',
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: true,
}

/**
 * @param declarations the folder of the declarations of all modules, as tsc writes them
 * @param names the modules that users can import
 * @param out the folder where NAME.d.cts is written for each of them
 * @returns the paths of what was written
 */
export function bundleTypes(declarations: string, names: readonly string[], out: string): string[] {
  const project = join(declarations, 'tsconfig.json')
  writeFileSync(project, JSON.stringify({ compilerOptions: OPTIONS }))
  const entries = names.map((name) => ({
    filePath: join(declarations, `${name}.d.ts`),
    noCheck: true,
    output: { noBanner: true, exportReferencedTypes: false },
  }))
  const bundles = generateDtsBundle(entries, { preferredConfigPath: project })
  return names.map((name, index) => {
    const path = join(out, `${name}.d.cts`)
    writeFileSync(path, complete(bundles[index] ?? ''))
    return path
  })
}

function complete(declarations: string): string {
  // The mark of a class with private fields, by which two files that both declare it would declare two classes.
  const bundle = declarations.replace(/^\t#private;\n/gm, '')
  const needs = NEEDS.filter(({ word }) => word.test(bundle))
  return [...needs.map(({ head = '' }) => head), bundle, ...needs.map(({ tail = '' }) => tail)].join('')
}
