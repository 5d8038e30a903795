import { PlimsollError } from '../errors.ts'
import type { Journal, RunRecord } from '../journal/journal.ts'
import { diffRuns, type RecordedRun, renderDiff, styleFor } from '../report/report.ts'
import { mayGoOn } from './engine-state.ts'
import { reportSoFar } from './report-so-far.ts'
import { withJournal } from './with-journal.ts'
import type { RunCommand } from './words.ts'

export const diffCommand: RunCommand = (call) =>
  withJournal(call, async (journal) => {
    const [first, second = 'last'] = call.positionals
    if (first === undefined)
      throw new PlimsollError(
        'USAGE',
        'a run is missing: plimsoll diff RUN [RUN]; the second is the last one by default',
      )
    const [before, after] = [await journal.run(first), await journal.run(second)]
    const diff = diffRuns(await recordedRun(journal, before), await recordedRun(journal, after))
    process.stdout.write(
      call.flag('json')
        ? `${JSON.stringify(diff)}\n`
        : renderDiff(diff, styleFor(process.stdout, process.env)),
    )
    return 0
  })

/** Of a run that goes on, or that was killed, what is known so far. */
async function recordedRun(journal: Journal, run: RunRecord): Promise<RecordedRun> {
  const { definition, runId } = run
  if (run.report !== null) return { definition, report: run.report }
  const [tasks, memory] = [await journal.tasks(runId), await journal.memory(runId)]
  return { definition, report: reportSoFar(run, tasks, memory, mayGoOn(run)) }
}
