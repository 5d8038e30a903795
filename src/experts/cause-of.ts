/** The cause that a finding is of: what its rule names, unless who says it around it knows better. */
import type { CauseName } from './causes.ts'
import type { Finding, LogFindings } from './findings.ts'

const isCausedBy = /\bCaused by: /

/** Lines after the beginning of a migration in which a statement that the database refuses is the migration's. */
const migrationLines = 40

/** Lines of a stack between an exception and what caused it, at most. */
const mostFrames = 100

/** Lines after what a tool says of a migration in which the database says why. */
const refusalLines = 5

/** Lines after the frame in which Python starts a program in which it says why it could not. */
const startLines = 3

/** What a database refuses while its schema is changed is the failure of that change; who refuses below its driver is the database; the file that Python lacks where it starts a program is that program. */
export function causeOf(finding: Finding, log: LogFindings): CauseName {
  const { rule, line } = finding
  const { migrating, passed } = log.marks
  if (rule.cause === 'connection-refused' && isCausedBy.test(finding.whole)) {
    const ofDriver = ({ rule: other, line: above }: Finding): boolean =>
      other.cause === 'db-unavailable' && above < line && above >= line - mostFrames
    return log.findings.some(ofDriver) ? 'db-unavailable' : rule.cause
  }
  if (rule.cause === 'file-not-found') {
    const isStart = ({ rule: other, line: above }: Finding): boolean =>
      other.id === 'python-start' && above < line && above >= line - startLines
    return log.findings.some(isStart) ? 'command-not-found' : rule.cause
  }
  if (rule.cause !== 'db-error') return rule.cause
  const ofMigration = ({ rule: other, line: above }: Finding): boolean =>
    other.cause === 'migration-failed' && above <= line && above >= line - refusalLines
  if (log.findings.some(ofMigration)) return 'migration-failed'
  const begun = migrating.findLast((mark) => mark.line <= line)?.line ?? Number.NEGATIVE_INFINITY
  const isOver = passed.some((mark) => mark.line > begun && mark.line < line)
  return line - begun <= migrationLines && !isOver ? 'migration-failed' : rule.cause
}
