import { hostname } from 'node:os'
import type { RunSummary } from '../journal/journal.ts'
import { isSameProcess } from '../memory/memory.ts'
import { plainLine } from '../report/report.ts'

/** Whether the engine of a run without a report may still be at work. Of another machine that cannot be seen from here. */
export const mayGoOn = ({ host, engine }: Pick<RunSummary, 'host' | 'engine'>): boolean =>
  isElsewhere(host) || isSameProcess(engine)

/** Three renewals, and a difference of the clocks, in milliseconds. */
const longSilenceMs = 30_000

/** Of a run without a report. An engine that has no lock records nothing any more; one elsewhere may only be silent. */
export function lifeOf(
  run: Pick<RunSummary, 'runId' | 'host' | 'engine'>,
  signs: ReadonlyMap<string, number>,
  nowMs: number,
): { readonly goesOn: boolean; readonly silentSinceMs: number | null } {
  const lastSignMs = signs.get(run.runId)
  if (!isElsewhere(run.host)) return { goesOn: mayGoOn(run), silentSinceMs: null }
  if (lastSignMs === undefined) return { goesOn: false, silentSinceMs: null }
  return { goesOn: true, silentSinceMs: nowMs - lastSignMs > longSilenceMs ? lastSignMs : null }
}

export const silenceText = (sinceMs: number): string =>
  `silent since ${new Date(sinceMs).toISOString().slice(0, 19)}Z`

const isElsewhere = (host: string): boolean => host !== hostname()

/** Several machines may share a record in a database; the logs stay in the state directory where the run was. */
export const missingLog = (file: string, { host }: Pick<RunSummary, 'host'>): string =>
  isElsewhere(host)
    ? `the log ${file} is not here: the run was on ${plainLine(host)}, and its logs are in the state directory there\n`
    : `the log ${file} is not there any more\n`

export const goesOnLine = (
  run: Pick<RunSummary, 'host' | 'engine'>,
  silentSinceMs: number | null,
): string => {
  const engine = `process ${run.engine.pid} on ${plainLine(run.host)}`
  if (silentSinceMs !== null) return `this run may be over: ${engine}, ${silenceText(silentSinceMs)}\n`
  return isElsewhere(run.host)
    ? `this run may go on: ${engine}, which cannot be seen from here\n`
    : `this run goes on: ${engine}\n`
}
