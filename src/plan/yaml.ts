import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, type Scalar, type YAMLMap } from 'yaml'
import { deepestLevel, readDocument, tooDeep, type YamlDocument } from './document.ts'
import type { At, Path, Place, Problems } from './problems.ts'
import { shorten, show } from './problems.ts'

/**
 * What the file says, before anything is checked. Scalars are the text as it was written (`1.10` stays "1.10"),
 * or null where nothing is written; below `with` they are JSON values. Maps have no prototype.
 */
export type Tree = string | number | boolean | null | readonly Tree[] | TreeMap
export type TreeMap = { [key: string]: Tree }

export type YamlFile = { readonly root: Tree; readonly placeOf: (path: Path, at?: At) => Place }

/** Aliases and merge keys are expanded: bounds what they can grow to. */
const mostValues = 400_000

type Entry = { readonly key: Scalar | null; readonly value: Node | null }
type Entries = ReadonlyMap<string, Entry>

export const isTreeMap = (tree: Tree | undefined): tree is TreeMap =>
  typeof tree === 'object' && tree !== null && !Array.isArray(tree)

/** Text -> values and places, or undefined when `problems` says why not. Never throws, never takes long. */
export function readYaml(text: string, problems: Problems): YamlFile | undefined {
  const document = readDocument(text, problems)
  return document === undefined ? undefined : new Reading(document, problems).file()
}

/** One walk over a document. Aliases and merge keys are followed; what they expand to is counted. */
class Reading {
  readonly #document: YamlDocument
  readonly #problems: Problems
  /** At most `mostValues` entries in all. */
  readonly #entries = new Map<YAMLMap, Entries>()
  readonly #path: (string | number)[] = []
  #values = 0
  #isCut = false

  constructor(document: YamlDocument, problems: Problems) {
    this.#document = document
    this.#problems = problems
  }

  /** Undefined for what could not be read to its end: the rest would only make wrong problems. */
  file(): YamlFile | undefined {
    const root = this.#tree(this.#document.contents)
    if (this.#isCut) return undefined
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
    const isTooDeep = this.#path.length > deepestLevel
    if (!isTooDeep && this.#values <= mostValues) return false
    if (!this.#isCut) {
      this.#refuse(node, isTooDeep ? tooDeep : `the file makes more than ${mostValues} values`)
    }
    this.#isCut = true
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
    const target = this.#document.targets.get(node)
    if (target === undefined)
      this.#refuse(node, `found *${shorten(node.source)}, expected an anchor &NAME before it`)
    return target ?? null
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
    const node = scalar ?? this.#document.contents
    if (node !== null) this.#text(node, key)
    if (key === '__proto__') this.#refuse(node, 'the name "__proto__" is not allowed')
    else if (entries.has(key)) this.#refuse(node, `found the key ${show(key)} twice, expected once`, key)
    else return key
    return undefined
  }

  #merge(into: Map<string, Entry>, source: Node | null, depth: number): void {
    const node = this.#follow(source)
    this.#values += 1
    if (node !== null && this.#hasNoRoom(node)) return
    if (depth >= deepestLevel) this.#refuse(source, tooDeep)
    else if (isSeq(node)) {
      for (const item of node.items) this.#merge(into, item as Node | null, depth + 1)
    } else if (isMap(node)) {
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
    this.#problems.add(path, message, () => this.#document.placeAt(offset))
  }

  /** The text itself for a scalar, the key for a collection; the nearest thing above for what is missing. */
  #placeOf(path: Path, at: At = {}): Place {
    let key: Node | null = null
    let value: Node | null = this.#document.contents
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
    return this.#document.placeAt(
      onKey || !isScalar(node) ? offset : offset + this.#into(node, at.offset ?? 0),
    )
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
    return this.#document.text.startsWith(text, start) ? quote * Math.sign(offset) + offset : 0
  }
}

const isInexact = (value: number): boolean => Number.isInteger(value) && !Number.isSafeInteger(value)

/** Where tasks stand in a plan file. */
export const taskSections: readonly string[] = ['tasks', 'before', 'onFailure', 'after']

const isJson = (path: Path): boolean =>
  taskSections.includes(String(path[0])) && (path[2] === 'with' || (path[2] === 'undo' && path[3] === 'with'))
