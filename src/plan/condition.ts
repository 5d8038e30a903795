import { didYouMean } from '../nearest.ts'
import type { Condition } from '../spine.ts'
import { show } from './problems.ts'

/**
 * The language of `when`: `environment`, `version`, `plan`, `vars.NAME`, `tasks.NAME.status`, `tasks.NAME.outputs.KEY`,
 * texts in single or double quotes, `==`, `!=`, `&&`, `||`, `!` and parentheses. A name that is not made of letters,
 * digits, `_` and `-` is written `tasks["any name"]`. A value alone holds unless it is empty or "false".
 */

/** What the names of a condition stand for, except for tasks. */
export type ConditionNames = {
  /** `environment`, `version`, `plan` and the plan's variables. */
  readonly valueOf: (name: string) => string | undefined
  readonly vars: readonly string[]
}

export type TaskMention = { readonly task: string; readonly at: number }
export type ParsedCondition = { readonly condition: Condition; readonly mentions: readonly TaskMention[] }
export type ConditionError = { readonly error: string; readonly at: number }

/** Bounds the depth of the tree as well: every level takes a character. */
const longestText = 4_096
const deepest = 50

type Token =
  | { readonly kind: 'word' | 'text'; readonly value: string; readonly at: number }
  | { readonly kind: 'mark'; readonly value: string; readonly at: number }
  | { readonly kind: 'end'; readonly value: ''; readonly at: number }

class Refusal extends Error {
  readonly at: number
  constructor(message: string, at: number) {
    super(message)
    this.at = at
  }
}

export function parseCondition(text: string, names: ConditionNames): ParsedCondition | ConditionError {
  try {
    if (text.length > longestText)
      throw new Refusal(`found ${text.length} characters, allowed are ${longestText}`, 0)
    const parser = new Parser(tokensOf(text), names)
    return { condition: parser.whole(), mentions: parser.mentions }
  } catch (error) {
    if (error instanceof Refusal) return { error: error.message, at: error.at }
    throw error
  }
}

/** Splits without looking back; every pattern is sticky and linear. */
function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = []
  const pattern = /\s*(?:([\p{L}\p{N}_-]+)|("[^"]*"|'[^']*')|(==|!=|&&|\|\||[!().[\]]))/uy
  let at = 0
  while (text.slice(at).trim() !== '') {
    pattern.lastIndex = at
    const match = pattern.exec(text)
    if (match === null) throw new Refusal(unreadable(text, at), at + spaces(text, at))
    const [, word, quoted, mark] = match
    const start = at + spaces(text, at)
    if (word !== undefined) tokens.push({ kind: 'word', value: word, at: start })
    else if (quoted !== undefined) tokens.push({ kind: 'text', value: quoted.slice(1, -1), at: start })
    else tokens.push({ kind: 'mark', value: mark ?? '', at: start })
    at = pattern.lastIndex
  }
  tokens.push({ kind: 'end', value: '', at: text.length })
  return tokens
}

const spaces = (text: string, at: number): number => text.slice(at).length - text.slice(at).trimStart().length

function unreadable(text: string, at: number): string {
  const [first = ''] = text.slice(at).trimStart()
  if (first === '"' || first === "'") return `found ${first} without its end`
  if (first === '=' || first === '&' || first === '|')
    return `found ${show(first)}, expected ${show(first + first)}`
  if (first === '$') return 'found "$", expected the bare name: vars.NAME, environment, tasks.NAME.status'
  return `found ${show(first)}, expected a name, a text in quotes, or one of == != && || ! ( )`
}

class Parser {
  readonly mentions: TaskMention[] = []
  readonly #tokens: readonly Token[]
  readonly #names: ConditionNames
  #next = 0
  #depth = 0

  constructor(tokens: readonly Token[], names: ConditionNames) {
    this.#tokens = tokens
    this.#names = names
  }

  whole(): Condition {
    const condition = this.#or()
    const rest = this.#peek()
    if (rest.kind === 'end') return condition
    throw new Refusal(`found ${show(rest.value)}, expected && or || or the end`, rest.at)
  }

  #or(): Condition {
    let left = this.#and()
    while (this.#takes('||')) left = { op: 'or', left, right: this.#and() }
    return left
  }

  #and(): Condition {
    let left = this.#not()
    while (this.#takes('&&')) left = { op: 'and', left, right: this.#not() }
    return left
  }

  #not(): Condition {
    const { at } = this.#peek()
    if (this.#takes('!')) return this.#deeper(at, () => ({ op: 'not', of: this.#not() }))
    if (!this.#takes('(')) return this.#comparison()
    const inside = this.#deeper(at, () => this.#or())
    this.#expect(')')
    return inside
  }

  #deeper(at: number, parse: () => Condition): Condition {
    this.#depth += 1
    if (this.#depth > deepest) throw new Refusal(`nested too deeply, allowed are ${deepest} levels`, at)
    const condition = parse()
    this.#depth -= 1
    return condition
  }

  #comparison(): Condition {
    const left = this.#value()
    if (this.#takes('==')) return { op: 'equal', left, right: this.#value() }
    if (this.#takes('!=')) return { op: 'differ', left, right: this.#value() }
    return left
  }

  #value(): Condition {
    const token = this.#take()
    if (token.kind === 'text') return { op: 'text', value: token.value }
    if (token.kind === 'word') return this.#named(token)
    const found = token.kind === 'end' ? 'the end' : show(token.value)
    throw new Refusal(`found ${found}, expected a name or a text in quotes`, token.at)
  }

  #named({ value, at }: Token): Condition {
    if (value === 'true' || value === 'false') return { op: 'text', value }
    if (value === 'tasks') return this.#task(at)
    if (value === 'vars') return { op: 'text', value: this.#variable() }
    const known = value === 'environment' || value === 'version' || value === 'plan'
    if (known) return { op: 'text', value: this.#names.valueOf(value) ?? '' }
    const words = ['environment', 'version', 'plan', 'vars', 'tasks']
    const near = didYouMean(value, words)
    const hint = this.#names.vars.includes(value) ? `; write vars.${value}` : near
    throw new Refusal(
      `found ${show(value)}, expected environment, version, plan, vars.NAME, tasks.NAME.status, tasks.NAME.outputs.KEY, or a text in quotes${hint}`,
      at,
    )
  }

  #variable(): string {
    const { value: name, at } = this.#member()
    const value = this.#names.vars.includes(name) ? this.#names.valueOf(name) : undefined
    if (value !== undefined) return value
    throw new Refusal(`the plan has no variable ${show(name)}${didYouMean(name, this.#names.vars)}`, at)
  }

  #task(at: number): Condition {
    const { value: task } = this.#member()
    this.mentions.push({ task, at })
    const field = this.#member()
    if (field.value === 'status') return { op: 'status', task }
    if (field.value === 'outputs') return { op: 'output', task, key: this.#member().value }
    const hint = didYouMean(field.value, ['status', 'outputs'])
    throw new Refusal(`found ${show(field.value)}, expected status or outputs${hint}`, field.at)
  }

  /** `.name` or `["any name"]`. */
  #member(): Token {
    if (this.#takes('[')) {
      const name = this.#take()
      if (name.kind !== 'text') throw new Refusal('expected a name in quotes after "["', name.at)
      this.#expect(']')
      return name
    }
    this.#expect('.')
    const name = this.#take()
    if (name.kind === 'word') return name
    throw new Refusal('expected a name after "."', name.at)
  }

  #peek(): Token {
    return this.#tokens[this.#next] ?? { kind: 'end', value: '', at: 0 }
  }

  #take(): Token {
    const token = this.#peek()
    this.#next += 1
    return token
  }

  #takes(mark: string): boolean {
    const { kind, value } = this.#peek()
    if (kind !== 'mark' || value !== mark) return false
    this.#next += 1
    return true
  }

  #expect(mark: string): void {
    const { value, kind, at } = this.#peek()
    if (this.#takes(mark)) return
    throw new Refusal(`found ${kind === 'end' ? 'the end' : show(value)}, expected ${show(mark)}`, at)
  }
}

export type ConditionFacts = {
  readonly statusOf: (task: string) => string
  readonly outputOf: (task: string, key: string) => string | undefined
}

export function conditionHolds(condition: Condition, facts: ConditionFacts): boolean {
  switch (condition.op) {
    case 'equal':
      return textOf(condition.left, facts) === textOf(condition.right, facts)
    case 'differ':
      return textOf(condition.left, facts) !== textOf(condition.right, facts)
    case 'and':
      return conditionHolds(condition.left, facts) && conditionHolds(condition.right, facts)
    case 'or':
      return conditionHolds(condition.left, facts) || conditionHolds(condition.right, facts)
    case 'not':
      return !conditionHolds(condition.of, facts)
    default: {
      const value = textOf(condition, facts)
      return value !== '' && value !== 'false'
    }
  }
}

/** An output that was not written is the empty text. */
function textOf(condition: Condition, facts: ConditionFacts): string {
  switch (condition.op) {
    case 'text':
      return condition.value
    case 'status':
      return facts.statusOf(condition.task)
    case 'output':
      return facts.outputOf(condition.task, condition.key) ?? ''
    default:
      return String(conditionHolds(condition, facts))
  }
}

/** The tasks whose status a condition looks at, each once. */
export function statusesRead(condition: Condition): readonly string[] {
  const tasks = new Set<string>()
  const visit = (part: Condition): void => {
    if (part.op === 'status') tasks.add(part.task)
    else if (part.op === 'not') visit(part.of)
    else if ('left' in part) {
      visit(part.left)
      visit(part.right)
    }
  }
  visit(condition)
  return [...tasks]
}

/** True when a condition does not look at what happens during the run. */
export function isDecided(condition: Condition): boolean {
  switch (condition.op) {
    case 'text':
      return true
    case 'status':
    case 'output':
      return false
    case 'not':
      return isDecided(condition.of)
    default:
      return isDecided(condition.left) && isDecided(condition.right)
  }
}
