/**
 * Which of the things that were found is the cause. Three rules, in this order:
 * what says more of the cause goes before what says less (`depth`); what stands near the place where the failure was
 * noticed goes before what stands far from it; a warning, a line of an earlier green run and what comes after the end
 * weigh little.
 */
import type { CauseName } from './causes.ts'
import type { Finding, LogFindings, Place } from './findings.ts'
import { type GivingUp, givingUp, weightAfterwards } from './outcome.ts'
import { withoutPrefix } from './plain-line.ts'
import type { Depth } from './words.ts'

export type RankedCause = {
  readonly cause: CauseName
  readonly score: number
  /** The best first. */
  readonly findings: readonly Finding[]
}

const weights: Readonly<Record<Depth, number>> = { fact: 1, root: 0.85, step: 0.65, maybe: 0.4 }
const nearLines = 50
/** Lines that a reported failure counts as farther where it is known who gave up, and where. */
const doubt = 60
/** Of two that are equal otherwise the later one is the cause: work goes on after failures that did not matter. */
const lateness = 0.06
const afterTheEnd = 0.4
/** The steps of GitHub before the one that failed did not fail, or were allowed to. */
const beforeTheStep = 0.6
/** Steps of GitHub that run always often lack what the failed one did not make. */
const afterTheStep = 0.7
const knownFromGreen = 0.15
/** Each further rule that says the same nearly as well adds a little. */
const agreement = 0.02
const nearlyAsWell = 0.6
/** So does each character of a phrase: long ones are more exact. */
const exactness = 0.001
const mostExact = 40
/** Errors are told from the outside in: `cannot resolve it: cannot fetch it: connection refused`. */
const wrapping = 0.8
const telling = 0.5
/** What is said inside of these tells how, not why. */
const standing: ReadonlySet<CauseName> = new Set<CauseName>(['probe-failed', 'ci-infra'])
/** What is so plain that who says it around it knows more: which file, and what it was for. */
const plain: ReadonlySet<CauseName> = new Set<CauseName>(['file-not-found'])

export type RankOptions = {
  /** What an earlier green run said as well. */
  readonly isFamiliar: (finding: Finding) => boolean
  /** Something failed for good: the engine knows it, or a log says it. */
  readonly hasFailed: boolean
}

export function rankCauses(logs: readonly LogFindings[], options: RankOptions): readonly RankedCause[] {
  const { isFamiliar, hasFailed } = options
  const byCause = new Map<CauseName, { finding: Finding; score: number }[]>()
  for (const log of logs) {
    const innermost = innermostOf(log.findings, namesCause)
    const innermostStep = innermostOf(log.findings, namesWork)
    const explained = new Set([...explainedBelow(log.findings), ...explainedByBuilds(log)])
    const passedOver = passedOverIn(log.findings)
    const tells = Map.groupBy(
      log.findings.filter(({ rule }) => standing.has(rule.cause) && rule.depth !== 'maybe'),
      ({ line }) => line,
    )
    const knowing = Map.groupBy(log.findings.filter(isExact), ({ line }) => line)
    const end = givingUp(log)
    for (const finding of log.findings) {
      const later = weightAfterwards(finding, log, hasFailed)
      const { depth = 'root', cause: named } = finding.rule
      const inner = (depth === 'step' ? innermostStep : innermost).get(finding.line) ?? finding
      const wraps = !standing.has(named) && stands(finding, inner)
      const around = plain.has(named) ? knowing : tells
      const isHow =
        depth !== 'fact' && (around.get(finding.line)?.some((outer) => stands(outer, finding)) ?? false)
      const score =
        scoreOf(finding, log, end) *
        later *
        (isFamiliar(finding) ? knownFromGreen : 1) *
        (wraps || explained.has(finding) ? wrapping : 1) *
        (isHow || passedOver.has(finding) ? telling : 1)
      const cause = causeOf(finding, log)
      const known = byCause.get(cause)
      if (known) known.push({ finding, score })
      else byCause.set(cause, [{ finding, score }])
    }
  }
  return [...byCause]
    .map(([cause, scored]) => {
      const best = scored.toSorted((left, right) => right.score - left.score)
      const most = best[0]?.score ?? 0
      const agreeing = best.filter(({ score }) => score >= most * nearlyAsWell)
      const rules = new Set(agreeing.map(({ finding }) => finding.rule))
      const score = most + agreement * Math.min(3, rules.size - 1)
      return { cause, score, findings: best.map(({ finding }) => finding) }
    })
    .toSorted((left, right) => right.score - left.score)
}

const isCausedBy = /\bCaused by: /

/** Lines after the beginning of a migration in which a statement that the database refuses is the migration's. */
const migrationLines = 40

/** Lines of a stack between an exception and what caused it, at most. */
const mostFrames = 100

/** Lines after what a tool says of a migration in which the database says why. */
const refusalLines = 5

/** What a database refuses while its schema is changed is the failure of that change; who refuses below its driver is the database. */
function causeOf(finding: Finding, log: LogFindings): CauseName {
  const { rule, line } = finding
  const { migrating, passed } = log.marks
  if (rule.cause === 'connection-refused' && isCausedBy.test(finding.whole)) {
    const ofDriver = ({ rule: other, line: above }: Finding): boolean =>
      other.cause === 'db-unavailable' && above < line && above >= line - mostFrames
    return log.findings.some(ofDriver) ? 'db-unavailable' : rule.cause
  }
  if (rule.cause !== 'db-error') return rule.cause
  const ofMigration = ({ rule: other, line: above }: Finding): boolean =>
    other.cause === 'migration-failed' && above <= line && above >= line - refusalLines
  if (log.findings.some(ofMigration)) return 'migration-failed'
  const begun = migrating.findLast((mark) => mark.line <= line)?.line ?? Number.NEGATIVE_INFINITY
  const isOver = passed.some((mark) => mark.line > begun && mark.line < line)
  return line - begun <= migrationLines && !isOver ? 'migration-failed' : rule.cause
}

const namesCause: ReadonlySet<Depth> = new Set<Depth>(['root', 'fact'])
const namesWork: ReadonlySet<Depth> = new Set<Depth>(['root', 'fact', 'step'])

const isExact = ({ rule: { depth = 'root', cause } }: Finding): boolean =>
  namesCause.has(depth) && !plain.has(cause)

/** Of each line the last thing that is said in it with one of these depths. */
function innermostOf(findings: readonly Finding[], depths: ReadonlySet<Depth>): ReadonlyMap<number, Finding> {
  const innermost = new Map<number, Finding>()
  for (const finding of findings) {
    const { depth = 'root', cause } = finding.rule
    if (!depths.has(depth) || plain.has(cause)) continue
    const known = innermost.get(finding.line)
    if (known === undefined || placeInLine(known) < placeInLine(finding)) innermost.set(finding.line, finding)
  }
  return innermost
}

/** Lines between a cause of Gradle and what explains it: where it searched, and who asked for it. */
const explanationLines = 12

/** Gradle tells causes a line each, from the outside in: `> ` stands farther to the right the deeper a cause is. */
function explainedBelow(findings: readonly Finding[]): ReadonlySet<Finding> {
  const nested = findings
    .filter(({ whole }) => withoutPrefix(whole).trimStart().startsWith('> '))
    .map((finding) => ({ finding, column: finding.whole.indexOf('> ') }))
    .toSorted((left, right) => left.finding.line - right.finding.line)
  const explained = new Set<Finding>()
  for (const [at, { finding, column }] of nested.entries()) {
    const isExplained = nested
      .slice(at + 1)
      .some(
        ({ finding: { line, rule }, column: deeper }) =>
          line - finding.line <= explanationLines && deeper > column && (rule.depth ?? 'root') !== 'maybe',
      )
    if (isExplained) explained.add(finding)
  }
  return explained
}

/** Lines of output that pip, Cargo and their like show of a build that failed, where they say so. */
const outputLines = 60
/** What no build of a package is to blame for. */
const surroundings: ReadonlySet<CauseName> = new Set<CauseName>([
  'network',
  'dns',
  'timeout',
  'tls',
  'connection-refused',
  'rate-limit',
  'remote-unavailable',
  'not-found-remote',
  'data-corrupt',
  'oom',
  'disk-full',
])

/** What its build lacks: that is how it failed. */
const lacking: ReadonlySet<CauseName> = new Set<CauseName>(['dependency-missing', 'link-error'])

/**
 * Of a package that could not be built and of what stands in the output of its build, what says less: the package where
 * its surroundings broke, and what its build lacked otherwise.
 */
function explainedByBuilds({ findings, marks }: LogFindings): readonly Finding[] {
  const builds = findings.filter(({ rule, soft }) => rule.cause === 'dependency-build' && !soft)
  if (marks.verdict.some(({ whole }) => ofDistribution.test(whole))) return builds
  const reasons = findings.filter(
    (finding) => isExact(finding) && !finding.soft && surroundings.has(finding.rule.cause),
  )
  return [
    ...builds.filter(({ line }) => reasons.some((reason) => Math.abs(line - reason.line) <= outputLines)),
    ...findings.filter(
      ({ rule, line }) =>
        lacking.has(rule.cause) &&
        builds.some((build) => build.line > line && build.line - line <= outputLines),
    ),
  ]
}

/** Where a distribution builds a package, what pip and its like build is that package itself, and no dependency. */
const ofDistribution =
  /error: Bad exit status from|RPM build errors|dpkg-buildpackage: error|A failure occurred in build|::gentoo failed/

const compiling: ReadonlySet<CauseName> = new Set<CauseName>(['compile-error', 'link-error'])

/** Scripts of a build look for commands that are not there and do without: the compiler that fails later is the cause. */
function passedOverIn(findings: readonly Finding[]): ReadonlySet<Finding> {
  const isGivenUp = findings.some(({ rule }) => rule.id === 'exit-127')
  const compiled = findings.filter(
    ({ rule, soft }) => compiling.has(rule.cause) && rule.depth !== 'maybe' && !soft,
  )
  const last = Math.max(0, ...compiled.map(({ line }) => line))
  const missing = findings.filter(({ rule }) => rule.cause === 'command-not-found' && rule.depth !== 'fact')
  return new Set(isGivenUp ? [] : missing.filter(({ line }) => line < last))
}

/** Whether the inner one stands after the words of the outer one, and is no part of them. */
const stands = (outer: Finding, inner: Finding): boolean =>
  placeInLine(outer) < placeInLine(inner) &&
  !outer.phrase.pieces.some(({ words }) => words.toLowerCase().includes(inner.phrase.literal))

const placeInLine = ({ phrase, whole }: Finding): number => whole.toLowerCase().indexOf(phrase.literal)

function scoreOf(finding: Finding, log: LogFindings, end: GivingUp): number {
  const { depth = 'root' } = finding.rule
  const says = weights[depth] + exactness * Math.min(mostExact, finding.phrase.length)
  const near = nearness(finding.line, log) + lateness * Math.min(1, finding.line / log.lines)
  return says * (depth === 'fact' ? Math.sqrt(near) : near) * beforeTheEnd(finding, end)
}

/** 1 where who ran the work gave up, 0.9 some 25 lines before it, one half some thousand. */
function nearness(line: number, { marks, lines }: LogFindings): number {
  const distance = Math.min(
    Math.max(0, lines - line),
    distanceTo(marks.end, line),
    distanceTo(marks.failure, line) + (marks.end.length > 0 ? doubt : 0),
  )
  return 1 / (1 + Math.log2(1 + distance / nearLines) / 6)
}

/** Lines to the nearest of these; what stands after one is farther from it than what stands before. */
function distanceTo(places: readonly Place[], line: number): number {
  return places.reduce(
    (least, place) => Math.min(least, place.line >= line ? place.line - line : 4 * (line - place.line)),
    Number.POSITIVE_INFINITY,
  )
}

/** What comes after somebody gave up and the cleaning up began is not why it failed, and warnings there say nothing. */
function beforeTheEnd({ line, soft }: Finding, { stepLine, failedStepLine, cleanupLine }: GivingUp): number {
  if (line < stepLine) return beforeTheStep
  if (line <= Math.min(failedStepLine, cleanupLine)) return 1
  if (soft) return 0
  return line > cleanupLine ? afterTheEnd : afterTheStep
}
