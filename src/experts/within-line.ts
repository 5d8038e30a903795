/** Several rules can fit one line: which of them tells why, and which only that something failed, or how. */
import type { CauseName } from './causes.ts'
import type { Finding } from './findings.ts'
import type { Depth } from './words.ts'

/** What is said inside of these tells how, not why. */
const standing: ReadonlySet<CauseName> = new Set<CauseName>(['probe-failed', 'ci-infra'])
/** What is so plain that who says it around it knows more: which file, and what it was for. */
const plain: ReadonlySet<CauseName> = new Set<CauseName>(['file-not-found'])

const namesCause: ReadonlySet<Depth> = new Set<Depth>(['root', 'fact'])
const namesWork: ReadonlySet<Depth> = new Set<Depth>(['root', 'fact', 'step'])

export type ToldInLines = {
  /** Something inside of it says why. */
  readonly isAround: (finding: Finding) => boolean
  /** What stands around it says why, and it only how. */
  readonly isHow: (finding: Finding) => boolean
}

/** Errors are told from the outside in: `cannot resolve it: cannot fetch it: connection refused`. */
export function toldInLines(findings: readonly Finding[]): ToldInLines {
  const innermost = innermostOf(findings, namesCause)
  const innermostStep = innermostOf(findings, namesWork)
  const byLine = (chosen: readonly Finding[]) => Map.groupBy(chosen, ({ line }) => line)
  const tells = byLine(findings.filter(({ rule }) => standing.has(rule.cause) && rule.depth !== 'maybe'))
  const exact = byLine(findings.filter(isExact))
  return {
    isAround: (finding) => {
      const { depth, cause } = finding.rule
      const inner = (depth === 'step' ? innermostStep : innermost).get(finding.line)
      return inner !== undefined && !standing.has(cause) && stands(finding, inner)
    },
    isHow: (finding) => {
      const { depth, cause } = finding.rule
      if (depth === 'fact') return false
      const around = (plain.has(cause) ? exact : tells).get(finding.line) ?? []
      return around.some((outer) => stands(outer, finding))
    },
  }
}

/** Whether it says why something failed, and of what. */
export const isExact = ({ rule: { depth = 'root', cause } }: Finding): boolean =>
  namesCause.has(depth) && !plain.has(cause)

/** Of each line the last thing that is said in it with one of these depths. */
function innermostOf(findings: readonly Finding[], depths: ReadonlySet<Depth>): ReadonlyMap<number, Finding> {
  const innermost = new Map<number, Finding>()
  for (const finding of findings) {
    const { depth = 'root', cause } = finding.rule
    if (!depths.has(depth) || plain.has(cause)) continue
    const known = innermost.get(finding.line)
    if (known === undefined || known.at < finding.at) innermost.set(finding.line, finding)
  }
  return innermost
}

/** Whether the inner one stands after the words of the outer one, and is no part of them. */
const stands = (outer: Finding, inner: Finding): boolean =>
  outer.at < inner.at &&
  !outer.phrase.pieces.some(({ words }) => words.toLowerCase().includes(inner.phrase.literal))
