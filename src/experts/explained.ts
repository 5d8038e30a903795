/** Findings of a log that another one explains: they tell that something failed, the other one why. */
import type { CauseName } from './causes.ts'
import type { Finding, LogFindings } from './findings.ts'
import { withoutPrefix } from './plain-line.ts'
import { isExact } from './within-line.ts'

/** What wraps a cause that is told elsewhere. */
export const explainedIn = (log: LogFindings): ReadonlySet<Finding> =>
  new Set([...explainedBelow(log.findings), ...explainedByBuilds(log), ...explainedAbove(log)])

/** Lines between what a command says last and what who ran it says of its end. */
const endLines = 20

/** npm and its like say what the system told them of a command that failed: that something is not there. What the command said is why. */
function explainedAbove({ findings, marks }: LogFindings): readonly Finding[] {
  const ends = new Set(marks.end.map(({ line }) => line))
  const said = findings.filter((finding) => isExact(finding) && !finding.soft && !ends.has(finding.line))
  return findings.filter(
    ({ rule, line }) =>
      rule.cause === 'file-not-found' &&
      ends.has(line) &&
      said.some((reason) => reason.line < line && line - reason.line <= endLines),
  )
}

/** Lines between a cause of Gradle and what explains it: where it searched, and who asked for it. */
const explanationLines = 12

/** Gradle tells causes a line each, from the outside in: `> ` stands farther to the right the deeper a cause is. */
function explainedBelow(findings: readonly Finding[]): readonly Finding[] {
  const nested = findings
    .filter(({ whole }) => withoutPrefix(whole).trimStart().startsWith('> '))
    .map((finding) => ({ finding, column: finding.whole.indexOf('> ') }))
    .toSorted((left, right) => left.finding.line - right.finding.line)
  return nested
    .filter(({ finding, column }, at) =>
      nested
        .slice(at + 1)
        .some(
          ({ finding: { line, rule }, column: deeper }) =>
            line - finding.line <= explanationLines && deeper > column && (rule.depth ?? 'root') !== 'maybe',
        ),
    )
    .map(({ finding }) => finding)
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
export function passedOverIn(findings: readonly Finding[]): ReadonlySet<Finding> {
  const isGivenUp = findings.some(({ rule }) => rule.id === 'exit-127')
  const compiled = findings.filter(
    ({ rule, soft }) => compiling.has(rule.cause) && rule.depth !== 'maybe' && !soft,
  )
  const last = Math.max(0, ...compiled.map(({ line }) => line))
  const missing = findings.filter(({ rule }) => rule.cause === 'command-not-found' && rule.depth !== 'fact')
  return new Set(isGivenUp ? [] : missing.filter(({ line }) => line < last))
}
