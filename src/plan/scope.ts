import { didYouMean } from '../nearest.ts'
import type { Template, TemplatePart } from '../spine.ts'
import { type Path, type Report, show } from './problems.ts'
import { readTemplate } from './template.ts'
import { builtIn, variableProblem } from './variable-names.ts'
import { isTreeMap, type Tree, type TreeMap } from './yaml.ts'

/** Linux takes no longer environment variable. */
const longestValue = 128 * 1024
/** Characters that substitution may make in all: variables that repeat variables grow fast. */
const mostText = 16 * 1024 ** 2
const deepest = 50

export type ScopeOptions = {
  readonly root: TreeMap
  readonly environment: string | null
  readonly version: string | undefined
  /** Of the command line; their names are sound. */
  readonly given: Readonly<Record<string, string>>
  /** Of the process. */
  readonly variables: NodeJS.ProcessEnv
  readonly report: Report
}

type Source = { readonly written: string; readonly path: Path } | { readonly value: string }

/**
 * What `${NAME}` stands for: --var, then the environment's vars, then the plan's, then the process environment.
 * Values of the plan may themselves contain `${...}`; those from outside are data.
 */
export class Scope {
  /** Of the plan, of all its environments, and given. */
  readonly varNames: readonly string[]
  /** Of the process: those that were asked for, the empty text where one is not set. */
  readonly filledFrom = new Map<string, string>()
  readonly #sources: ReadonlyMap<string, Source>
  /** Variable that only environments set which were not chosen -> one of them. */
  readonly #elsewhere: ReadonlyMap<string, string>
  readonly #secrets: ReadonlySet<string>
  /** Variable of the environment -> the secret whose value it holds. */
  readonly #secretOf: ReadonlyMap<string, string>
  readonly #variables: NodeJS.ProcessEnv
  readonly #report: Report
  /** Values of plan variables, null where a problem was reported; at most one for each source. */
  readonly #values = new Map<string, string | null>()
  readonly #resolving: string[] = []
  #textLength = 0

  constructor({ root, environment, version, given, variables, report }: ScopeOptions) {
    this.#report = report
    this.#variables = variables
    this.#secrets = new Set(secretNames(root.secrets))
    this.#secretOf = secretOfVariable(root.secrets)
    const sources = new Map<string, Source>([
      ['version', version === undefined ? sourceOf(root.version, ['version'], 'dev') : { value: version }],
      ['environment', { value: environment ?? '' }],
      ['plan', sourceOf(root.name, ['name'], '')],
    ])
    const elsewhere = new Map<string, string>()
    for (const [name, path, written] of this.#named(root.vars, ['vars'])) {
      sources.set(name, sourceOf(written, path, ''))
    }
    for (const [of, { vars }] of environmentsOf(root)) {
      for (const [name, path, written] of this.#named(vars, ['environments', of, 'vars'])) {
        if (of === environment) sources.set(name, sourceOf(written, path, ''))
        else elsewhere.set(name, of)
      }
    }
    for (const [name, value] of Object.entries(given)) sources.set(name, { value })
    this.#sources = sources
    this.#elsewhere = elsewhere
    const names = new Set([...sources.keys(), ...elsewhere.keys()])
    this.varNames = [...names].filter((name) => !builtIn.includes(name))
  }

  /** The variables of a map. A name that is not allowed is told, and counts: it makes no further problems. */
  *#named(vars: Tree | undefined, path: Path): Generator<[name: string, path: Path, written: Tree]> {
    if (!isTreeMap(vars)) return
    for (const [name, written] of Object.entries(vars)) {
      const inner = [...path, name]
      const problem = variableProblem(name)
      if (problem !== undefined) this.#report(inner, problem, { on: 'key' })
      if (!builtIn.includes(name)) yield [name, inner, written]
    }
  }

  /** The plan's variables with their values; those with a problem are left out. */
  vars(): Readonly<Record<string, string>> {
    const vars: Record<string, string> = Object.create(null)
    for (const name of this.#sources.keys()) {
      const value = builtIn.includes(name) ? null : this.#resolve(name)
      if (value !== null) vars[name] = value
    }
    return vars
  }

  /**
   * What a condition sees: variables of the plan and the three that are built in, not the process environment. A
   * variable that only another environment sets is the empty text here.
   */
  planValue(name: string): string | undefined {
    if (this.#sources.has(name)) return this.#resolve(name) ?? ''
    return this.#elsewhere.has(name) ? '' : undefined
  }

  get names(): readonly string[] {
    return [...this.#sources.keys()]
  }

  get secretNames(): ReadonlySet<string> {
    return this.#secrets
  }

  /** The text with its variables filled in; undefined when a problem was reported. Secrets and outputs are not for here. */
  fill(text: string, path: Path): string | undefined {
    const template = this.template(text, path)
    if (template === undefined) return undefined
    const hole = template.find((part) => typeof part !== 'string')
    if (hole === undefined) return template.join('')
    const what =
      'secret' in hole
        ? `\${secrets.${hole.secret}}`
        : `\${tasks.${hole.output.task}.outputs.${hole.output.key}}`
    this.#report(path, `found ${show(what)}, expected a text that is known before the run starts`)
    return undefined
  }

  /** The text with its variables filled in; outputs and secrets stay holes. Undefined when a problem was reported. */
  template(text: string, path: Path): Template | undefined {
    if (!text.includes('$')) return text === '' ? [] : [text]
    const written = readTemplate(text)
    if ('error' in written) {
      this.#report(path, written.error, { offset: written.at })
      return undefined
    }
    const parts: TemplatePart[] = []
    let isWhole = true
    let literal = ''
    const endLiteral = (): void => {
      if (literal !== '') parts.push(literal)
      literal = ''
    }
    for (const part of written.parts) {
      if (typeof part === 'string') literal += part
      else if ('variable' in part) {
        const value = this.#variable(part, path)
        if (value === undefined) isWhole = false
        else literal += value
      } else {
        endLiteral()
        if ('output' in part) parts.push({ output: part.output })
        else if (this.#knowsSecret(part, path)) parts.push({ secret: part.secret })
        else isWhole = false
      }
    }
    endLiteral()
    return this.#isBounded(parts, path) && isWhole ? parts : undefined
  }

  #isBounded(parts: Template, path: Path): boolean {
    const length = parts.reduce((sum, part) => sum + (typeof part === 'string' ? part.length : 0), 0)
    this.#textLength += length
    if (length <= longestValue && this.#textLength <= mostText) return true
    this.#report(
      path,
      `substitution makes ${length} characters, allowed are ${longestValue} in a text and ${mostText} in all`,
    )
    return false
  }

  #knowsSecret({ secret, at }: { readonly secret: string; readonly at: number }, path: Path): boolean {
    if (this.#secrets.has(secret)) return true
    const hint = (): string => didYouMean(secret, this.#secrets)
    this.#report(path, () => `found "\${secrets.${secret}}", which is not listed under "secrets"${hint()}`, {
      offset: at,
    })
    return false
  }

  #variable(hole: { at: number; variable: string; fallback: string | null }, path: Path): string | undefined {
    const { at, variable, fallback } = hole
    const secret = this.#secretOf.get(variable)
    if (secret !== undefined) {
      this.#report(path, `found "\${${variable}}", which is a secret: write \${secrets.${secret}}`, {
        offset: at,
      })
      return undefined
    }
    const value = this.#sources.has(variable) ? this.#resolve(variable) : this.#outside(variable)
    if (value === null) return undefined
    if (fallback !== null && (value === undefined || value === '')) return fallback
    if (value !== undefined) return value
    const hint = (): string => didYouMean(variable, this.names)
    const shown = show(`\${${variable}}`)
    const other = this.#elsewhere.get(variable)
    const where = other === undefined ? '' : ` here, only in environment ${show(other)}`
    this.#report(
      path,
      () =>
        `found ${shown}, which is not set${where}; add it to "vars", set it with --var, or write a default \${NAME:-default}${hint()}`,
      { offset: at },
    )
    return undefined
  }

  #outside(name: string): string | undefined {
    const value = Object.hasOwn(this.#variables, name) ? this.#variables[name] : undefined
    this.filledFrom.set(name, value ?? '')
    return value
  }

  #resolve(name: string): string | null {
    const known = this.#values.get(name)
    if (known !== undefined) return known
    const source = this.#sources.get(name)
    if (source === undefined) return null
    if ('value' in source) return source.value
    const value = this.#isCircular(name, source.path) ? null : this.#resolveWritten(name, source)
    this.#values.set(name, value)
    return value
  }

  #resolveWritten(
    name: string,
    { written, path }: { readonly written: string; readonly path: Path },
  ): string | null {
    this.#resolving.push(name)
    const value = this.fill(written, path)
    this.#resolving.pop()
    return value ?? null
  }

  #isCircular(name: string, path: Path): boolean {
    const start = this.#resolving.indexOf(name)
    const circle = [...this.#resolving.slice(Math.max(start, 0)), name].join(' -> ')
    if (start !== -1) this.#report(path, `variables that need each other: ${circle}`)
    else if (this.#resolving.length >= deepest)
      this.#report(path, `variables in variables, more than ${deepest} deep`)
    else return false
    return true
  }
}

const sourceOf = (tree: Tree | undefined, path: Path, otherwise: string): Source => ({
  written: typeof tree === 'string' ? tree : otherwise,
  path,
})

const environmentsOf = ({ environments }: TreeMap): [name: string, environment: TreeMap][] =>
  isTreeMap(environments)
    ? Object.entries(environments).flatMap(([name, tree]) => (isTreeMap(tree) ? [[name, tree]] : []))
    : []

function secretOfVariable(secrets: Tree | undefined): ReadonlyMap<string, string> {
  const variables = new Map(secretNames(secrets).map((name) => [name, name]))
  if (!isTreeMap(secrets)) return variables
  for (const [name, source] of Object.entries(secrets)) {
    if (isTreeMap(source) && typeof source.env === 'string') variables.set(source.env, name)
  }
  return variables
}

function secretNames(secrets: Tree | undefined): readonly string[] {
  if (Array.isArray(secrets)) return secrets.filter((secret) => typeof secret === 'string')
  return isTreeMap(secrets) ? Object.keys(secrets) : []
}
