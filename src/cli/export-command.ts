import type { Journal, RunRecord } from '../journal/journal.ts'
import { printPieces, writeWholeFile } from './whole-output.ts'
import { withJournal } from './with-journal.ts'
import type { RunCommand } from './words.ts'

/** The form of the file; grows when a reader must be written anew. */
const formatVersion = 1

export const exportCommand: RunCommand = (call) =>
  withJournal(call, async (journal) => {
    const run = await journal.run(call.positionals[0] ?? 'last')
    const file = call.text('output')
    if (file !== undefined) await writeWholeFile(file, exportOf(journal, run))
    else await printPieces(exportOf(journal, run))
    return 0
  })

/** One JSON object, in pieces: a run may have any number of events. */
async function* exportOf(journal: Journal, run: RunRecord): AsyncIterable<string> {
  const { runId } = run
  const known = {
    ...{ type: 'run', plimsollExport: formatVersion, run, tasks: await journal.tasks(runId) },
    ...{ attempts: await journal.attempts(runId), memory: await journal.memory(runId) },
  }
  yield `${JSON.stringify(known).slice(0, -1)},"events":[`
  let separator = '\n'
  for await (const event of journal.events(runId)) {
    yield separator + JSON.stringify(event)
    separator = ',\n'
  }
  yield '\n]}\n'
}
