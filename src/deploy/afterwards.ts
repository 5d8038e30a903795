/** What is done when the tasks of a run have ended. That it cannot be done fails nothing, and is told. */
import { factsOf } from '../errors.ts'
import { writeHistory } from '../history/history.ts'
import type { Journal } from '../journal/journal.ts'
import { notify } from '../notify/notify.ts'
import { type Run, recordRunMetrics } from '../run/run.ts'

type MetricsParts = Parameters<typeof recordRunMetrics>[0]

/** What is known goes into the file also after a failure. */
export async function keepHistory(run: Run, journal: Journal, file: string): Promise<void> {
  try {
    await writeHistory(file, await journal.peaks())
  } catch (error) {
    await run.telling.emit({ type: 'warning', error: factsOf(error, 'HISTORY_UNWRITABLE') })
  }
}

export async function tellReceivers(
  run: Run,
  parts: Omit<Parameters<typeof notify>[0], 'report'>,
): Promise<void> {
  for (const error of await notify({ ...parts, report: run.report() }))
    await run.telling.emit({ type: 'warning', error })
}

export async function keepMetrics(
  run: Run,
  { journal, ...parts }: Omit<MetricsParts, 'report' | 'memory'> & { readonly journal: Journal },
): Promise<void> {
  try {
    const report = run.report()
    const memory = await journal.memory(report.runId)
    await recordRunMetrics({ ...parts, report, memory })
  } catch (error) {
    await run.telling.emit({ type: 'warning', error: factsOf(error, 'METRICS_UNRECORDED') })
  }
}
