import {
  type Alias,
  Composer,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  type Pair,
  Parser,
  type Scalar,
  visit,
  type YAMLMap,
} from 'yaml'
import type { At, Path, Place, Problems } from './problems.ts'
import { show } from './problems.ts'

/**
 * What the file says, before anything is checked. Scalars are the text as it was written (`1.10` stays "1.10"),
 * or null where nothing is written; below `with` they are JSON values. Maps have no prototype.
 */
export type Tree = string | number | boolean | null | readonly Tree[] | TreeMap
export type TreeMap = { [key: string]: Tree }

export type YamlFile = { readonly root: Tree; readonly placeOf: (path: Path, at?: At) => Place }

/** The parser works some microseconds on each: bounds the time that a hostile file can take. */
const mostTokens = 1_000_000
/** Aliases and merge keys are expanded: bounds what they can grow to. */
const mostValues = 400_000
const deepest = 64

type Entry = { readonly key: Scalar | null; readonly value: Node | null }
type Entries = ReadonlyMap<string, Entry>
type Refuse = (offset: number, message: string) => void

export const isTreeMap = (tree: Tree | undefined): tree is TreeMap =>
  typeof tree === 'object' && tree !== null && !Array.isArray(tree)

/** Text -> values and places, or undefined when `problems` says why not. Never throws, never takes long. */
export function readYaml(text: string, problems: Problems): YamlFile | undefined {
  const lines = new LineCounter()
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(Math.min(Math.max(offset, 0), text.length))
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const refuse: Refuse = (offset, message) => problems.add([], message, () => placeAt(offset))

  const documents = withoutStacks(() => compose(text, lines, refuse))
  if (documents === undefined) return undefined
  const [document, second] = documents
  for (const { pos, message } of [...(document?.errors ?? []), ...(document?.warnings ?? [])]) {
    refuse(pos[0], plainly(message))
  }
  if (second !== undefined) {
    refuse(second.contents?.range?.[0] ?? text.length, 'found a second document, expected one plan in a file')
  }
  if (document === undefined || document.errors.length > 0 || second !== undefined) return undefined
  return new Reading({ text, document, placeAt, problems }).file()
}

/** The library makes an error object for every wrong mark: a million stack traces take ten seconds. */
function withoutStacks<T>(work: () => T): T {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    return work()
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

/** The first two documents of the text: a second one is one too many. */
function compose(text: string, lines: LineCounter, refuse: Refuse): readonly Document.Parsed[] | undefined {
  const parser = new Parser(lines.addNewLine)
  let isTooLong = false
  function* tokens() {
    lines.addNewLine(0)
    let count = 0
    for (const lexeme of new Lexer().lex(text)) {
      count += 1
      if (count > mostTokens) {
        isTooLong = true
        return
      }
      yield* parser.next(lexeme)
    }
    yield* parser.end()
  }
  const composer = new Composer({
    uniqueKeys: false, // its check is quadratic; `Reading` has its own
    stringKeys: true,
    resolveKnownTags: false,
    prettyErrors: false,
    logLevel: 'error',
  })
  const documents: Document.Parsed[] = []
  for (const document of composer.compose(tokens(), true, text.length)) {
    documents.push(document)
    if (documents.length === 2) break
  }
  if (!isTooLong) return documents
  refuse(0, `the file is too long: allowed are ${mostTokens} words and marks of YAML`)
  return undefined
}

const plainly = (message: string): string =>
  message.startsWith('Maximum call stack')
    ? `nested too deeply, allowed are ${deepest} levels`
    : firstLine(message)
const firstLine = (message: string): string => message.split('\n', 1)[0] ?? message

type Source = {
  readonly text: string
  readonly document: Document.Parsed
  readonly placeAt: (offset: number) => Place
  readonly problems: Problems
}

/** One walk over a document. Aliases and merge keys are followed; what they expand to is counted. */
class Reading {
  readonly #source: Source
  readonly #targets: ReadonlyMap<Alias, Node>
  /** At most `mostValues` entries in all. */
  readonly #entries = new Map<YAMLMap, Entries>()
  readonly #path: (string | number)[] = []
  #values = 0
  #isFull = false

  constructor(source: Source) {
    this.#source = source
    this.#targets = aliasTargets(source)
  }

  file(): YamlFile {
    const root = this.#tree(this.#source.document.contents)
    return { root, placeOf: (path, at) => this.#placeOf(path, at) }
  }

  #tree(written: Node | null): Tree {
    const node = this.#follow(written)
    this.#values += 1
    if (node === null || this.#hasNoRoom(node)) return null
    if (isScalar(node)) return this.#scalar(node)
    if (isSeq(node)) return node.items.map((item, index) => this.#step(index, item as Node | null))
    if (!isMap(node)) return null
    const map: TreeMap = Object.create(null)
    for (const [key, { value }] of this.#entriesOf(node)) {
      if (this.#path.length === 0 && key.startsWith('x-')) continue
      map[key] = this.#step(key, value)
    }
    return map
  }

  #step(key: string | number, value: Node | null): Tree {
    this.#path.push(key)
    const tree = this.#tree(value)
    this.#path.pop()
    return tree
  }

  #hasNoRoom(node: Node): boolean {
    if (this.#path.length > deepest) {
      this.#refuse(node, `nested too deeply, allowed are ${deepest} levels`)
      return true
    }
    if (this.#values <= mostValues) return false
    if (!this.#isFull) this.#refuse(node, `aliases make more than ${mostValues} values of this file`)
    this.#isFull = true
    return true
  }

  #scalar(node: Scalar): Tree {
    const { value } = node
    if (typeof value === 'string') return this.#text(node, value)
    if (value === null || value === undefined) return null
    if (!isJson(this.#path)) return node.source ?? String(value)
    if (typeof value === 'boolean') return value
    if (typeof value === 'number' && Number.isFinite(value) && !isInexact(value)) return value
    this.#refuse(node, `found ${show(node.source)}, a number that JavaScript cannot hold; write it in quotes`)
    return null
  }

  #text(node: Node, text: string): string {
    const isSound = !text.includes('\0') && text.isWellFormed()
    if (!isSound) this.#refuse(node, 'found a NUL character or half of a surrogate pair, expected text')
    return text
  }

  #follow(node: Node | null): Node | null {
    if (!isAlias(node)) return node
    return this.#targets.get(node) ?? null
  }

  /** The entries of a map, those that merge keys (`<<`) bring in last. */
  #entriesOf(map: YAMLMap, depth = 0): Entries {
    const known = this.#entries.get(map)
    if (known !== undefined) return known
    const entries = new Map<string, Entry>()
    this.#entries.set(map, entries)
    const merged: (Node | null)[] = []
    for (const pair of map.items as Pair<Node | null, Node | null>[]) {
      const scalar = isScalar(pair.key) ? pair.key : null
      const key = this.#key(scalar, entries)
      if (key === '<<' && scalar?.type === 'PLAIN') merged.push(pair.value)
      else if (key !== undefined) entries.set(key, { key: scalar, value: pair.value })
    }
    for (const source of merged) this.#merge(entries, source, depth)
    return entries
  }

  #key(scalar: Scalar | null, entries: Entries): string | undefined {
    const key = scalar === null ? '' : String(scalar.value ?? '')
    const node = scalar ?? this.#source.document.contents
    if (node !== null) this.#text(node, key)
    if (key === '__proto__') this.#refuse(node, 'the name "__proto__" is not allowed')
    else if (entries.has(key)) this.#refuse(node, `found the key ${show(key)} twice, expected once`, key)
    else return key
    return undefined
  }

  #merge(into: Map<string, Entry>, source: Node | null, depth: number): void {
    const node = this.#follow(source)
    if (isSeq(node) && depth < deepest) {
      for (const item of node.items) this.#merge(into, item as Node | null, depth + 1)
    } else if (isMap(node) && depth < deepest) {
      for (const [key, entry] of this.#entriesOf(node, depth + 1)) {
        this.#values += 1
        if (this.#hasNoRoom(node)) return
        if (!into.has(key)) into.set(key, entry)
      }
    } else this.#refuse(source, 'found a merge key "<<" that does not name a map or a list of maps')
  }

  #refuse(node: Node | null, message: string, key?: string): void {
    const offset = node?.range?.[0] ?? 0
    const path = key === undefined ? [...this.#path] : [...this.#path, key]
    this.#source.problems.add(path, message, () => this.#source.placeAt(offset))
  }

  /** The text itself for a scalar, the key for a collection; the nearest thing above for what is missing. */
  #placeOf(path: Path, at: At = {}): Place {
    let key: Node | null = null
    let value: Node | null = this.#source.document.contents
    let written = value
    let isThere = true
    for (const step of path) {
      const next = this.#child(value, step)
      if (next === undefined) {
        isThere = false
        break
      }
      key = next.key ?? next.value
      written = next.value
      value = this.#follow(next.value)
    }
    const onKey = !isThere || at.on === 'key' || !isScalar(value)
    const node = onKey ? (key ?? written) : written
    const offset = node?.range?.[0] ?? 0
    return this.#source.placeAt(onKey || !isScalar(node) ? offset : offset + this.#into(node, at.offset ?? 0))
  }

  #child(parent: Node | null, step: string | number): Entry | undefined {
    if (isMap(parent)) return this.#entries.get(parent)?.get(String(step))
    if (!isSeq(parent) || typeof step !== 'number') return undefined
    const item = parent.items[step] as Node | null | undefined
    return item === undefined ? undefined : { key: null, value: item }
  }

  /** How far into the source the character `offset` of a scalar's text is: known where the text stands as it is. */
  #into(node: Scalar, offset: number): number {
    const quote = node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE' ? 1 : 0
    const start = (node.range?.[0] ?? 0) + quote
    const text = String(node.value)
    return this.#source.text.startsWith(text, start) ? quote * Math.sign(offset) + offset : 0
  }
}

const isInexact = (value: number): boolean => Number.isInteger(value) && !Number.isSafeInteger(value)

const isJson = (path: Path): boolean =>
  path[0] === 'tasks' && (path[2] === 'with' || (path[2] === 'undo' && path[3] === 'with'))

/** What each alias stands for: the last node before it with that anchor. One pass, where `Alias.resolve` is quadratic. */
function aliasTargets({ document, text }: Source): ReadonlyMap<Alias, Node> {
  const anchors = new Map<string, Node>()
  const targets = new Map<Alias, Node>()
  if (!text.includes('*')) return targets
  visit(document, {
    Node(_key, node) {
      if (isAlias(node)) {
        const target = anchors.get(node.source)
        if (target !== undefined) targets.set(node, target)
      } else if (node.anchor !== undefined) anchors.set(node.anchor, node)
    },
  })
  return targets
}
