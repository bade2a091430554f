import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'

/** The modules that users of the package can import. For a NAME there are src/NAME.ts, entry/NAME.cjs and, once built, dist/types/NAME.d.cts. */

/**
 * The names, in the order of `exports` in package.json.
 * @throws when package.json leads elsewhere, or tells older compilers, which read `typesVersions`, something else
 */
export function entryNames(root: string): string[] {
  const { exports, typesVersions } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const subpaths = Object.keys(exports).filter((subpath) => subpath !== './package.json')
  const nameOf = (subpath: string): string => (subpath === '.' ? 'index' : subpath.slice('./'.length))
  const demand = (field: string, found: unknown, wanted: unknown): void => {
    if (!isDeepStrictEqual(found, wanted)) throw new Error(`package.json: ${field} must be ${JSON.stringify(wanted)}`)
  }
  for (const subpath of subpaths) {
    const name = nameOf(subpath)
    const wanted = { types: `./dist/types/${name}.d.cts`, default: `./entry/${name}.cjs` }
    demand(`exports["${subpath}"]`, exports[subpath], wanted)
  }
  const older = subpaths.map(nameOf).filter((name) => name !== 'index')
  demand(
    'typesVersions',
    typesVersions ?? {},
    older.length === 0 ? {} : { '*': Object.fromEntries(older.map((name) => [name, [`./dist/types/${name}.d.cts`]])) },
  )
  return subpaths.map(nameOf)
}
