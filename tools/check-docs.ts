/**
 * The documentation rule: every name that users of the package can import has a comment of its own, so has every function they find on it, and
 * one that throws says what (`@throws`). `node tools/check-docs.ts [root]` prints one line per breach, `path:line rule: name`, and exits 1; or
 * one line of summary.
 *
 * A function throws when it has a `throw`, or calls one whose comment has `@throws`, outside of `try { } catch`. What a function does that it
 * hands on to others is theirs to tell.
 */
import { dirname, join, relative, sep } from 'node:path'
// The last TypeScript that has an interface for programs; `tsc` is a later one.
import ts from 'typescript-5.9'
import { entryNames } from './entries.ts'

export type DocRule = 'undocumented' | 'throws'
export type DocBreach = { readonly path: string; readonly line: number; readonly rule: DocRule; readonly name: string }

/** Checks all that the entries of `root`/package.json export; breaches come in the order of path and line. */
export function checkDocs(root: string): { readonly names: number; readonly breaches: readonly DocBreach[] } {
  const files = entryNames(root).map((name) => join(root, 'src', `${name}.ts`))
  const program = ts.createProgram(files, {
    target: ts.ScriptTarget.ESNext,
    module: ts.ModuleKind.NodeNext,
    types: ['node'],
    typeRoots: [join(root, 'node_modules/@types')],
    strict: true,
    allowImportingTsExtensions: true,
    noEmit: true,
  })
  const checker = program.getTypeChecker()
  const breaches = new Map<string, DocBreach>()
  const add = (node: ts.Node, rule: DocRule, name: string): void => {
    const file = node.getSourceFile()
    const path = relative(root, file.fileName).replaceAll(sep, '/')
    const line = file.getLineAndCharacterOfPosition(node.getStart()).line + 1
    breaches.set(`${path}:${line} ${rule}`, { path, line, rule, name })
  }
  const exported = new Set<ts.Symbol>()
  for (const file of files) {
    const source = program.getSourceFile(file)
    const module = source && checker.getSymbolAtLocation(source)
    if (module === undefined) throw new Error(`${file} exports nothing`)
    for (const symbol of checker.getExportsOfModule(module)) exported.add(resolve(checker, symbol))
  }
  const check = (node: ts.Node, name: string): void => {
    if (!isDocumented(node)) add(node, 'undocumented', name)
    const body = bodyOf(node)
    if (body && !tellsThrows(node) && throws(checker, body)) add(node, 'throws', name)
  }
  for (const symbol of exported) {
    for (const node of symbol.declarations ?? []) {
      check(node, symbol.name)
      for (const method of methodsOf(node)) check(method, `${symbol.name}.${method.name.getText()}`)
    }
  }
  const order = (a: DocBreach, b: DocBreach): number => (a.path < b.path ? -1 : a.path > b.path ? 1 : a.line - b.line)
  return { names: exported.size, breaches: [...breaches.values()].sort(order) }
}

function resolve(checker: ts.TypeChecker, symbol: ts.Symbol): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
}

/** The statement or member that a comment stands above: `const a = …` is declared within one. */
function commented(node: ts.Node): ts.Node {
  return ts.isVariableDeclaration(node) ? node.parent.parent : node
}

/** Has a comment with words, right above it: one that an empty line separates tells about the file. */
function isDocumented(node: ts.Node): boolean {
  const owner = commented(node)
  const last = ts.getJSDocCommentsAndTags(owner).filter(ts.isJSDoc).at(-1)
  if (last === undefined) return false
  const between = owner.getSourceFile().text.slice(last.end, owner.getStart())
  const words = [last.comment, ...(last.tags ?? []).map(({ comment }) => comment)]
  return !/\n\s*\n/.test(between) && words.some((text) => (ts.getTextOfJSDocComment(text) ?? '').trim() !== '')
}

type Method = ts.MethodSignature | ts.MethodDeclaration

/** The functions that stand in an exported type, wherever in it, or in a class: they are what its users call. */
function methodsOf(node: ts.Node): Method[] {
  if (ts.isClassDeclaration(node)) return node.members.filter(ts.isMethodDeclaration).filter(isPublic)
  const found: Method[] = []
  const visit = (part: ts.Node): void => {
    if (ts.isMethodSignature(part)) found.push(part)
    else ts.forEachChild(part, visit)
  }
  if (ts.isTypeAliasDeclaration(node) || ts.isInterfaceDeclaration(node)) ts.forEachChild(node, visit)
  return found
}

function isPublic(member: ts.MethodDeclaration): boolean {
  const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected
  return !ts.isPrivateIdentifier(member.name) && (ts.getCombinedModifierFlags(member) & hidden) === 0
}

function bodyOf(node: ts.Node): ts.Node | undefined {
  if (ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node)) return node.body
  const value = ts.isVariableDeclaration(node) ? node.initializer : undefined
  return value && (ts.isArrowFunction(value) || ts.isFunctionExpression(value)) ? value.body : undefined
}

function tellsThrows(node: ts.Node): boolean {
  return ts.getJSDocTags(commented(node)).some((tag) => ts.isJSDocThrowsTag(tag) && tag.comment !== undefined)
}

/** Whether running `body` can throw, by its own words and by what those it calls say. */
function throws(checker: ts.TypeChecker, body: ts.Node): boolean {
  const visit = (node: ts.Node): boolean => {
    if (ts.isThrowStatement(node)) return true
    if (ts.isFunctionLike(node)) return false
    if (ts.isTryStatement(node) && node.catchClause) {
      return visit(node.catchClause) || (node.finallyBlock !== undefined && visit(node.finallyBlock))
    }
    if (ts.isCallExpression(node) && calleeThrows(checker, node)) return true
    return ts.forEachChild(node, visit) ?? false
  }
  return visit(body)
}

function calleeThrows(checker: ts.TypeChecker, call: ts.CallExpression): boolean {
  const symbol = checker.getSymbolAtLocation(call.expression)
  return (symbol && resolve(checker, symbol).declarations?.some(tellsThrows)) ?? false
}

if (import.meta.main) {
  const { names, breaches } = checkDocs(process.argv[2] ?? dirname(import.meta.dirname))
  for (const { path, line, rule, name } of breaches) console.log(`${path}:${line} ${rule}: ${name}`)
  if (breaches.length > 0) process.exitCode = 1
  else console.log(`docs: ${names} public names say what they are`)
}
