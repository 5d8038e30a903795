/**
 * Which of the things that were found is the cause. Three rules, in this order:
 * what says more of the cause goes before what says less (`depth`); what stands near the place where the failure was
 * noticed goes before what stands far from it; a warning, a line of an earlier green run and what comes after the end
 * weigh little.
 */
import { causeOf } from './cause-of.ts'
import type { CauseName } from './causes.ts'
import { explainedIn, passedOverIn } from './explained.ts'
import type { Finding, LogFindings } from './findings.ts'
import { givingUp, weightAfterwards } from './outcome.ts'
import { scoreOf } from './score.ts'
import { toldInLines } from './within-line.ts'

export type RankedCause = {
  readonly cause: CauseName
  /** 0 where all of it was set aside: the work went on after it, or it is only a warning. */
  readonly score: number
  /** The best first. */
  readonly findings: readonly Finding[]
}

export type RankOptions = {
  /** What an earlier green run said as well. */
  readonly isFamiliar: (finding: Finding) => boolean
  /** Something failed for good: the engine knows it, or a log says it. */
  readonly hasFailed: boolean
}

const knownFromGreen = 0.15
/** What only tells that something failed, where something else tells why. */
const wrapping = 0.8
/** What tells how, where something else tells why. */
const telling = 0.5
/** Each further rule that says the same nearly as well adds a little. */
const agreement = 0.02
const nearlyAsWell = 0.6

type Scored = { readonly finding: Finding; readonly score: number; readonly cause: CauseName }

export function rankCauses(logs: readonly LogFindings[], options: RankOptions): readonly RankedCause[] {
  const byCause = Map.groupBy(
    logs.flatMap((log) => scoresIn(log, options)),
    ({ cause }) => cause,
  )
  return [...byCause]
    .map(([cause, scored]) => ranked(cause, scored))
    .toSorted((left, right) => right.score - left.score)
}

function scoresIn(log: LogFindings, { isFamiliar, hasFailed }: RankOptions): readonly Scored[] {
  const end = givingUp(log)
  const { isAround, isHow } = toldInLines(log.findings)
  const explained = explainedIn(log)
  const passedOver = passedOverIn(log.findings)
  return log.findings.map((finding) => ({
    finding,
    cause: causeOf(finding, log),
    score:
      scoreOf(finding, log, end) *
      weightAfterwards(finding, log, hasFailed) *
      (isFamiliar(finding) ? knownFromGreen : 1) *
      (isAround(finding) || explained.has(finding) ? wrapping : 1) *
      (isHow(finding) || passedOver.has(finding) ? telling : 1),
  }))
}

function ranked(cause: CauseName, scored: readonly Scored[]): RankedCause {
  const best = scored.toSorted((left, right) => right.score - left.score)
  const most = best[0]?.score ?? 0
  const agreeing = new Set(
    best.filter(({ score }) => score >= most * nearlyAsWell).map(({ finding }) => finding.rule),
  )
  const score = most === 0 ? 0 : most + agreement * Math.min(3, agreeing.size - 1)
  return { cause, score, findings: best.map(({ finding }) => finding) }
}
