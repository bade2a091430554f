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

/**
 * A byte stream is a Duplex of Node's. A compiler that has the types of Node.js sees it as that; one that has not, as what can be said of
 * it without them: what does not resolve has all keys there are. (Of a condition on its type itself nothing would be left.) The module that may be
 * missing is passed over by `@ts-ignore`: `@ts-expect-error` is an error itself where it is there, and both kinds of compilers read this one file.
 */
const DUPLEX = `// @ts-ignore: no such module without the types of Node.js; with them no error is there to be expected
type NodeDuplex = import("node:stream").Duplex;
interface Listen {
	(event: 'data', listener: (chunk: Uint8Array) => void): unknown;
	(event: 'error', listener: (error: Error) => void): unknown;
	(event: 'end' | 'drain' | 'finish' | 'close', listener: () => void): unknown;
}
type Duplex = symbol extends keyof NodeDuplex ? AsyncIterable<Uint8Array> & {
	/** Whether more may be written without waiting for 'drain'. */
	write(chunk: Uint8Array | string, callback?: (error?: Error | null) => void): boolean;
	/** Nothing follows from this side; what the other side sends can still be read. */
	end(callback?: () => void): unknown;
	/** Ends it in both directions. */
	destroy(error?: Error): unknown;
	readonly on: Listen;
	readonly once: Listen;
	readonly destroyed: boolean;
} : NodeDuplex;
`

function complete(declarations: string): string {
  // The mark of a class with private fields, by which two files that both declare it would declare two classes.
  const bundle = declarations
    .replace(/^\t#private;\n/gm, '')
    .replace(/^\/\/\/ <reference types="node" \/>\n/gm, '')
    .replace(/^import \{ Duplex \} from 'node:stream';\n/m, DUPLEX)
  const needs = NEEDS.filter(({ word }) => word.test(bundle))
  return [...needs.map(({ head = '' }) => head), bundle, ...needs.map(({ tail = '' }) => tail)].join('')
}
