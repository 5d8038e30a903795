import { mkdtemp, open, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { messageOf, PlimsollError } from '../errors.ts'
import type { Journal, RunRecord } from '../journal/journal.ts'
import { isClosed, writeSteadily } from '../report/report.ts'
import { withJournal } from './with-journal.ts'
import type { RunCommand } from './words.ts'

/** The form of the file; grows when a reader must be written anew. */
const formatVersion = 1

export const exportCommand: RunCommand = (call) =>
  withJournal(call, async (journal) => {
    const run = await journal.run(call.positionals[0] ?? 'last')
    const file = call.text('output')
    if (file !== undefined) await writeFile(file, exportOf(journal, run))
    else await print(exportOf(journal, run))
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

async function print(pieces: AsyncIterable<string>): Promise<void> {
  for await (const piece of pieces) {
    if (isClosed(process.stdout)) return
    await writeSteadily(process.stdout, piece)
  }
}

/** The whole file or none: it takes its name when it is complete. @throws EXPORT_UNWRITABLE */
async function writeFile(file: string, pieces: AsyncIterable<string>): Promise<void> {
  const target = resolve(file)
  let folder: string | undefined
  try {
    folder = await mkdtemp(join(dirname(target), '.plimsoll-export-'))
    const draft = join(folder, 'run.json')
    await using handle = await open(draft, 'wx', 0o600)
    await handle.writeFile(pieces)
    await handle.sync()
    await rename(draft, target)
  } catch (cause) {
    if (cause instanceof PlimsollError) throw cause
    throw new PlimsollError('EXPORT_UNWRITABLE', `${file}: ${messageOf(cause)}`, { cause })
  } finally {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  }
}
