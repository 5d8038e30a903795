/**
 * Whether the work went on after what was found: it ended well, its step did, a connection came up after all, it was
 * tried again or ignored. Then the finding is not why it failed, or less likely so.
 */
import type { CauseName } from './causes.ts'
import type { Finding, LogFindings, Place } from './findings.ts'
import { wentOn, writerOf } from './going-on.ts'
import { isOfReadyPod } from './ready-pods.ts'
import { isInformation, isSoft } from './severity.ts'

/** What did not keep the work from succeeding later, though something failed after that. */
const beforeASuccess = 0.6
/** What is tried again or ignored, and warnings. */
const softly = 0.35
/** "Will retry" and "ignoring" stand so many lines after what they speak of, at most. */
const remarkLines = 3
/** Who gives up so soon after had no luck with trying again. */
const givingUpLines = 30

/** A step that ends well does not undo these: they are of other steps. */
const lasting: ReadonlySet<CauseName> = new Set<CauseName>([
  'compile-error',
  'test-failure',
  'link-error',
  'quality-gate',
  'dependency-build',
  'vcs-conflict',
  'migration-failed',
])
/** What a service waits for until it is there. */
const passing: ReadonlySet<CauseName> = new Set<CauseName>([
  'connection-refused',
  'db-unavailable',
  'remote-unavailable',
  'network',
  'dns',
  'timeout',
  'rate-limit',
  'lock-held',
  'probe-failed',
  'not-found-remote',
])

/** What warnings say of a service that is not there. */
const waitedOut: ReadonlySet<CauseName> = new Set<CauseName>([
  'connection-refused',
  'db-unavailable',
  'dns',
  'tls',
  'auth',
])

/** What a pod waits for until it is placed, has its image and is ready, and a node until it is ready again. */
const found: ReadonlySet<CauseName> = new Set<CauseName>([
  'scheduling',
  'image-pull',
  'resource-limit',
  'probe-failed',
])

/** Whether this log says that something failed for good, whatever it was. */
export function saysFailed(log: LogFindings): boolean {
  const { verdict, end, passed, recovered, placed } = log.marks
  const gaveUp = end.filter((place) => !wentOn(place, log.quiet))
  if (verdict.length > 0 || lineOf(gaveUp) > lineOf(passed)) return true
  return lastFailure(log) > Math.max(lineOf(passed), lineOf(recovered), lineOf(placed))
}

/** 1 where nothing came of it, 0 where the work ended well after it. */
export function weightAfterwards(finding: Finding, log: LogFindings, hasFailed: boolean): number {
  const { line, rule } = finding
  const { success, passed, recovered } = log.marks
  if (lineOf(success) > line) return hasFailed && endsBadly(log) ? beforeASuccess : 0
  if (log.isDone && !hasFailed) return 0
  // A package that could not be built stops the work, unless there is another way to have it.
  if (lineOf(passed) > line && rule.cause === 'dependency-build') return hasFailed ? beforeASuccess : 0
  // What healthy logs say, too, is no failure of a step that ends well.
  const isLasting = lasting.has(rule.cause) && rule.depth !== 'maybe'
  if (lineOf(passed) > line && !hasFailed && !isLasting) return 0
  if (lineOf(recovered) > line && !hasFailed && passing.has(rule.cause)) return 0
  if (isOfReadyPod(finding, log)) return 0
  if ((found.has(rule.cause) || ofMounting.test(finding.whole)) && isPlaced(finding, log)) return 0
  const mayPass = !lasting.has(rule.cause) && (rule.depth !== 'fact' || passing.has(rule.cause))
  if (!hasFailed && mayPass && wentOn(finding, log.quiet)) return 0
  // Warnings alone are no failure.
  const isPassing = !lasting.has(rule.cause) && isRemarked(finding, log)
  if (!finding.soft && !isPassing) return 1
  if (isWhyTimeRanOut(finding, log) || isLastWord(finding, log)) return 1
  return hasFailed || isStuck(finding, log) ? softly : 0
}

/** What a service warns of until the time for it is over is why it is. */
const isWhyTimeRanOut = ({ line, rule }: Finding, { findings }: LogFindings): boolean =>
  waitedOut.has(rule.cause) &&
  findings.some((late) => late.rule.cause === 'timeout' && !late.soft && late.line > line)

/** The journal does not tell where a record ends: what a unit says right before it fails may be none of the warning above. */
const isLastWord = ({ line, whole }: Finding, { marks }: LogFindings): boolean =>
  !isSoft(whole) &&
  marks.failure.some(
    (failure) => failure.line > line && failure.line <= line + remarkLines && ofSystemd.test(failure.whole),
  )
const ofSystemd = /: (?:Main process exited, |Failed with result ')/

/** A service that complains of the same to its last line does not get past it; others that do have troubles of their own. */
const isStuck = ({ rule, whole }: Finding, { findings, lines }: LogFindings): boolean => {
  if (isInformation(whole)) return false
  const writer = writerOf(whole)
  const same = findings.filter((other) => other.rule === rule && writerOf(other.whole) === writer)
  return passing.has(rule.cause) && same.length > 1 && (same.at(-1)?.line ?? 0) >= lines - lastLines
}

/** What keeps a container from being started, as an event. */
const ofMounting =
  /\bWarning {1,20}Failed(?:(?:Mount|AttachVolume|MapVolume|CreatePodSandBox)\b| .{0,200}Failed to pull image)/
const started = / Running |\b[Ss]tarted\b/

/** Whether a pod that had no place, no image or no good health, had it later: its own events say so, or its state. */
function isPlaced({ line, whole, rule }: Finding, { marks }: LogFindings): boolean {
  const pod = /\bpod\/(\S{1,253})/.exec(whole)?.[1]
  return marks.placed.some(
    (mark) =>
      mark.line > line &&
      (pod === undefined || mark.whole.includes(pod)) &&
      (rule.cause !== 'probe-failed' || mark.whole.includes(' Running ')) &&
      (!ofMounting.test(whole) || started.test(mark.whole)),
  )
}

const endsBadly = (log: LogFindings): boolean =>
  Math.max(lineOf(log.marks.end), lastFailure(log)) > lineOf(log.marks.success)

const lineOf = (places: readonly Place[]): number => places.at(-1)?.line ?? 0

/** GitHub's words of a step that failed: what runs after it runs always, and often lacks what the step did not make. */
const failedStep = 'Process completed with exit code'

/** Where the work was given up, where only cleaning up begins: lines, infinite where nothing says so. */
export type GivingUp = {
  /** Where the step began that failed; 0 where nothing says so. */
  readonly stepLine: number
  readonly failedStepLine: number
  readonly cleanupLine: number
}

export function givingUp({ marks: { end, cleanup, step } }: LogFindings): GivingUp {
  const first = end[0]?.line ?? 0
  const failed = end.find(({ whole }) => whole.includes(failedStep))?.line
  const noticed = failed ?? end.find(({ whole }) => whole.includes('##[error]'))?.line ?? 0
  return {
    stepLine: step.findLast(({ line }) => line < noticed)?.line ?? 0,
    failedStepLine: failed ?? Number.POSITIVE_INFINITY,
    cleanupLine: cleanup.find(({ line }) => line >= first)?.line ?? Number.POSITIVE_INFINITY,
  }
}

/** Whether its last words are of an error, and none of all that it went on. */
export function endsInError(log: LogFindings): boolean {
  const { trouble, success, passed, recovered, retry, ignored } = log.marks
  const last = trouble.at(-1)
  const isFine = [success, passed, recovered, retry].some((places) => places.length > 0)
  if (isFine || last === undefined || last.line < log.lines - lastLines) return false
  if ([...log.quiet, ...ignored].some(({ line }) => line > last.line)) return false
  const isWarning = isSoft(last.whole) || log.findings.some(({ line, soft }) => soft && line === last.line)
  return errorWords.test(last.whole) && !isWarning
}

/** The last line of a log is mostly empty. */
const lastLines = 2
const errorWords =
  /\blevel"?[=:]"?(?:error|fatal)\b|\bERROR\b|\b[Ee]rror: |\bFailed\w{0,40}: |\b(?:Could not|Unable to) |\b[\w.]{1,80}(?:Error|Exception)\b/

/** Cleaning up may fail: nobody minds. */
const lastFailure = (log: LogFindings): number => {
  const cleanup = log.marks.cleanup[0]?.line ?? Number.POSITIVE_INFINITY
  return (
    log.marks.failure.findLast(
      (failure) =>
        failure.line < cleanup &&
        !isSoft(failure.whole) &&
        !isOfReadyPod(failure, log) &&
        !isRemarked(failure, log) &&
        !wentOn(failure, log.quiet),
    )?.line ?? 0
  )
}

/** Who wrote it says so, where many write. */
const isRemarked = ({ line, whole }: Place, { marks: { ignored, retry, end } }: LogFindings): boolean => {
  const writer = writerOf(whole)
  const follow = (places: readonly Place[]): boolean =>
    places.some((place) => isSoonAfter(place, line, remarkLines) && writerOf(place.whole) === writer)
  return follow(ignored) || (follow(retry) && !end.some((place) => isSoonAfter(place, line, givingUpLines)))
}

const isSoonAfter = (place: Place, line: number, within: number): boolean =>
  place.line >= line && place.line <= line + within
