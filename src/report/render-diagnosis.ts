/** What an expert says of a failure, as lines for a terminal or a log. */
import type { Diagnosis, LogLine, Report } from '../spine.ts'
import { formatSize } from '../units.ts'
import { plainLine } from './plain-text.ts'
import type { Style } from './style.ts'

/** Without a newline at the end. What others wrote is made safe to print. */
export function diagnosisLines(diagnosis: Diagnosis, style: Style): readonly string[] {
  const { cause, title, explanation, evidence, next, others } = diagnosis
  const head = cause === null ? style.bold(title) : `${style.bold(title)} ${style.dim(`(${cause})`)}`
  return [
    `${head}: ${plainLine(explanation)}`,
    ...evidence.map((line) => `  ${style.dim('|')} ${placeOf(line)}${plainLine(line.text)}`),
    ...next.map((step) => `  ${style.green('>')} ${plainLine(step)}`),
    ...(others.length > 0 ? [`  or else: ${others.map(otherText).join('; ')}`] : []),
    ...partialNote(diagnosis),
  ]
}

function otherText({ cause, title, evidence: [shown] }: Diagnosis['others'][number]): string {
  const where = shown === undefined ? '' : `, ${placeOf(shown)}`.replace(/: $/, '')
  return plainLine(`${title} (${cause}${where})`)
}

/** "build.log:12: ", or the name alone where the line is not known. */
function placeOf({ log, line }: LogLine): string {
  return plainLine(line === null ? `${log}: ` : `${log}:${line}: `)
}

/** Nobody should think that what was not read says nothing. */
export function partialNote({ partial }: Pick<Diagnosis, 'partial'>): readonly string[] {
  if (partial === undefined) return []
  return [
    `  read: the beginning and the end, ${formatSize(partial.readBytes)} of ${formatSize(partial.ofBytes)}`,
  ]
}

/** Nobody should think that of these nothing is known. */
export const undiagnosedText = ({ undiagnosed = 0, runId }: Pick<Report, 'undiagnosed' | 'runId'>): string =>
  `why ${undiagnosed} more failed: plimsoll diagnose ${runId}`
