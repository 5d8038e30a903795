import { hostname } from 'node:os'
import type { RunSummary } from '../journal/journal.ts'
import { isSameProcess } from '../memory/memory.ts'
import { plainLine } from '../report/report.ts'

/** Whether the engine of a run without a report may still be at work. Of another machine that cannot be seen from here. */
export const mayGoOn = ({ host, engine }: Pick<RunSummary, 'host' | 'engine'>): boolean =>
  isElsewhere(host) || isSameProcess(engine)

const isElsewhere = (host: string): boolean => host !== hostname()

/** Several machines may share a record in a database; the logs stay in the state directory where the run was. */
export const missingLog = (file: string, { host }: Pick<RunSummary, 'host'>): string =>
  isElsewhere(host)
    ? `the log ${file} is not here: the run was on ${plainLine(host)}, and its logs are in the state directory there\n`
    : `the log ${file} is not there any more\n`

export const goesOnLine = (run: Pick<RunSummary, 'host' | 'engine'>): string => {
  const engine = `process ${run.engine.pid} on ${plainLine(run.host)}`
  return isElsewhere(run.host)
    ? `this run may go on: ${engine}, which cannot be seen from here\n`
    : `this run goes on: ${engine}\n`
}
