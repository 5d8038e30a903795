import {
  type Alias,
  Composer,
  type Document,
  isAlias,
  Lexer,
  LineCounter,
  type Node,
  Parser,
  visit,
} from 'yaml'
import type { Place, Problems } from './problems.ts'

/** A text that is one YAML document, as nodes. */
export type YamlDocument = {
  readonly text: string
  readonly contents: Node | null
  /** What each alias stands for. */
  readonly targets: ReadonlyMap<Alias, Node>
  readonly placeAt: (offset: number) => Place
}

/** The parser works some microseconds on each: bounds the time that a hostile file can take. */
const mostTokens = 1_000_000
export const deepestLevel = 64
export const tooDeep = `nested too deeply, allowed are ${deepestLevel} levels`

/** Undefined when `problems` says why not. Never throws, never takes long. */
export function readDocument(text: string, problems: Problems): YamlDocument | undefined {
  const lines = new LineCounter()
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(Math.min(Math.max(offset, 0), text.length))
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const refuse = (offset: number, message: string): void => problems.add([], message, () => placeAt(offset))

  const documents = withoutStacks(() => compose(text, lines))
  if (documents === 'too long') {
    refuse(0, `the file is too long: allowed are ${mostTokens} words and marks of YAML`)
    return undefined
  }
  const [first, second] = documents
  for (const { pos, message } of [...(first?.errors ?? []), ...(first?.warnings ?? [])]) {
    refuse(pos[0], plainly(message))
  }
  if (second !== undefined) {
    refuse(second.contents?.range?.[0] ?? text.length, 'found a second document, expected one plan in a file')
  }
  if (first === undefined || first.errors.length > 0 || second !== undefined) return undefined
  return { text, contents: first.contents, targets: aliasTargets(text, first), placeAt }
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
function compose(text: string, lines: LineCounter): readonly Document.Parsed[] | 'too long' {
  const parser = new Parser(lines.addNewLine)
  let count = 0
  function* tokens() {
    lines.addNewLine(0)
    for (const lexeme of new Lexer().lex(text)) {
      count += 1
      if (count > mostTokens) return
      yield* parser.next(lexeme)
    }
    yield* parser.end()
  }
  const composer = new Composer({
    uniqueKeys: false, // its check is quadratic; `yaml.ts` has its own
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
  return count > mostTokens ? 'too long' : documents
}

/** One line of at most 200 characters: the library quotes what it found, however long. */
const plainly = (message: string): string => {
  if (message.startsWith('Maximum call stack')) return tooDeep
  if (message.startsWith('Nested mappings are not allowed'))
    return 'found a second ": " in one line; put the text in quotes, or in lines of its own below "|"'
  return message.slice(0, 200).split('\n', 1)[0] ?? ''
}

/** The last node before an alias with its anchor. One pass over all, where `Alias.resolve` is quadratic. */
function aliasTargets(text: string, document: Document.Parsed): ReadonlyMap<Alias, Node> {
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
