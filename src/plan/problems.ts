import { PlimsollError } from '../errors.ts'

/** Keys from the top of the file; numbers count the items of a list from 0. */
export type Path = readonly (string | number)[]

/** Line and column count from 1; columns are UTF-16 units, as editors count them. */
export type Place = { readonly line: number; readonly column: number }

export type Problem = Place & {
  readonly file: string
  /** `tasks.build.memory`, or empty for the whole file. */
  readonly path: string
  /** What was found, what is allowed, and the nearest name. */
  readonly message: string
}

/** Where in the value at a path: on its key, or at a character of its text. */
export type At = { readonly on?: 'key'; readonly offset?: number }

/** Takes one problem. The message may be a function when it is costly: it is called only if there is room. */
export type Report = (path: Path, message: string | (() => string), at?: At) => void

/** More than a person reads at once; the rest is counted. */
const mostProblems = 100

/** Every problem of a plan file at once: `problems` has the first 100, the message says how many more there are. */
export class PlanInvalidError extends PlimsollError {
  readonly problems: readonly Problem[]

  constructor(file: string, problems: readonly Problem[], more: number) {
    const count = problems.length + more
    const lines = problems.map((problem) => `\n  ${lineOf(problem)}`)
    const rest = more > 0 ? `\n  and ${more} more` : ''
    super(
      'PLAN_INVALID',
      `${file} has ${count === 1 ? 'a problem' : `${count} problems`}:${lines.join('')}${rest}`,
    )
    this.problems = problems
  }
}

const lineOf = ({ file, line, column, path, message }: Problem): string =>
  `${file}:${line}:${column} ${path === '' ? '' : `${path}: `}${message}`

/**
 * Gathers problems; the first one of a path tells the most, later ones of the same path are dropped. Only those that
 * name different characters of one text are kept beside each other.
 */
export class Problems {
  readonly #file: string
  /** At most `mostProblems`. */
  readonly #found: Problem[] = []
  /** Paths, and the characters of their texts where these were named; at most as many as problems. */
  readonly #known = new Map<string, Set<number> | 'whole'>()
  #more = 0

  constructor(file: string) {
    this.#file = file
  }

  /** `offset` is that of the character which is meant, where one is. */
  add(path: Path, message: string | (() => string), place: () => Place, offset?: number): void {
    const shown = showPath(path)
    const known = path.length > 0 ? this.#known.get(shown) : undefined
    if (known !== undefined && (known === 'whole' || offset === undefined || known.has(offset))) return
    if (this.#found.length >= mostProblems) {
      this.#more += 1
      return
    }
    this.#known.set(shown, offset === undefined ? 'whole' : new Set(known).add(offset))
    const text = typeof message === 'string' ? message : message()
    this.#found.push({ file: this.#file, ...place(), path: shown, message: text })
  }

  /** @throws PlanInvalidError when there is any, in the order of the file. */
  throwIfAny(): void {
    if (this.#found.length === 0) return
    const inOrder = this.#found.toSorted((a, b) => a.line - b.line || a.column - b.column)
    throw new PlanInvalidError(this.#file, inOrder, this.#more)
  }
}

/** A value as a message shows it: one line, at most some 60 characters. */
export function show(value: unknown): string {
  if (value === null || value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a map'
  return JSON.stringify(shorten(String(value)))
}

export const shorten = (text: string): string => (text.length <= 60 ? text : `${text.slice(0, 57)}...`)

export function showPath(path: Path): string {
  return path.reduce<string>((before, step) => {
    if (typeof step === 'number') return `${before}[${step}]`
    if (!/^[\p{L}\p{N}_-]{1,200}$/u.test(step)) return `${before}[${show(step)}]`
    return before === '' ? step : `${before}.${step}`
  }, '')
}
