/** How much a finding says by itself: how exact it is, and how near it stands to where the failure was noticed. */
import type { Finding, LogFindings, Place } from './findings.ts'
import type { GivingUp } from './outcome.ts'
import type { Depth } from './words.ts'

export const weights: Readonly<Record<Depth, number>> = { fact: 1, root: 0.85, step: 0.65, maybe: 0.4 }
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
/** So does each character of a phrase: long ones are more exact. */
const exactness = 0.001
const mostExact = 40

export function scoreOf(finding: Finding, log: LogFindings, end: GivingUp): number {
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
