import { systemClock } from '../clock.ts'
import type { AskedApproval, Journal, RunRecord, RunSummary } from '../journal/journal.ts'
import {
  plainLine,
  plainStyle,
  type RunPictures,
  renderMarkdown,
  renderPictures,
  renderReport,
  renderTable,
  shellWord,
  styleFor,
  Timeline,
} from '../report/report.ts'
import { formatDuration, formatSize } from '../units.ts'
import { goesOnLine, lifeOf, silenceText } from './engine-state.ts'
import { countOf } from './plan-argument.ts'
import { reportSoFar } from './report-so-far.ts'
import { recordOptionsOf, withJournal } from './with-journal.ts'
import type { RunCommand } from './words.ts'

export const runsCommand: RunCommand = async (call) => {
  const limit = countOf('--limit', call.text('limit') ?? '20', 1_000)
  return withJournal(call, async (journal) => {
    const runs = await journal.runs({ limit })
    const asking = new Set((await journal.openApprovals()).map(({ runId }) => runId))
    const signs = await journal.signsOfLife()
    process.stdout.write(
      call.flag('json')
        ? runs.map((run) => jsonLine(run, { asking, signs })).join('')
        : `${tableOf(runs, { asking, signs }).join('\n')}\n`,
    )
    return 0
  })
}

export const showCommand: RunCommand = (call) =>
  withJournal(call, async (journal) => {
    const run = await journal.run(call.positionals[0] ?? 'last')
    const life = lifeOf(run, await journal.signsOfLife(), systemClock.now())
    const options = recordOptionsOf(call)
    const goesOn = run.report === null && life.goesOn
    if (goesOn) process.stderr.write(goesOnLine(run, life.silentSinceMs))
    for (const asked of await journal.approvals(run.runId))
      if (asked.answer === null) process.stderr.write(approvalLine(asked, options))
    const pictures = await picturesOf(journal, run, goesOn)
    const report = run.report ?? reportSoFar(run, await journal.tasks(run.runId), pictures.memory, goesOn)
    if (call.flag('json')) {
      process.stdout.write(`${JSON.stringify({ ...report, ...pictures })}\n`)
    } else if (call.flag('markdown')) {
      process.stdout.write(renderMarkdown(report, renderPictures(pictures, widestPicture, plainStyle)))
    } else {
      const style = styleFor(process.stdout, process.env)
      const columns = process.stdout.columns || widestPicture
      process.stdout.write(renderReport(report, style, { ...linesOf(run), recordOptions: options }))
      process.stdout.write(`\n${renderPictures(pictures, columns, style)}`)
    }
    return 0
  })

function approvalLine({ runId, about, task }: AskedApproval, options: string): string {
  const subject = task === null ? (about === 'rollback' ? 'its rollback' : 'the run') : JSON.stringify(task)
  const command = `plimsoll approve ${runId}${task === null ? '' : ` ${shellWord(task)}`}${options}`
  return plainLine(`${subject} waits for approval: ${command}`).concat('\n')
}

/** Columns of a picture where no terminal says otherwise. */
const widestPicture = 80

/** What runs still goes on until now; of a run that was killed the last that was recorded counts. */
async function picturesOf(journal: Journal, run: RunRecord, goesOn: boolean): Promise<RunPictures> {
  const timeline = new Timeline()
  for await (const event of journal.events(run.runId)) timeline.add(event)
  const memory = await journal.memory(run.runId)
  const endMs = goesOn ? systemClock.now() : (run.report?.atMs ?? memory.at(-1)?.atMs ?? 0)
  return { memory, timeline: timeline.rows(endMs) }
}

const linesOf = ({ loadLineBytes, capacityBytes }: RunRecord) => ({
  ...(loadLineBytes !== null && { loadLineBytes }),
  ...(capacityBytes !== null && { capacityBytes }),
})

type Known = {
  /** Runs that ask for an approval. */
  readonly asking: ReadonlySet<string>
  readonly signs: ReadonlyMap<string, number>
}

function jsonLine(run: RunSummary, { asking, signs }: Known): string {
  const { status, silentSinceMs } = stateOf(run, signs)
  const asksForApproval = asking.has(run.runId)
  return `${JSON.stringify({ ...run, status, asksForApproval, ...(silentSinceMs !== null && { silentSinceMs }) })}\n`
}

/** A run without a report whose engine is gone was killed. */
function stateOf(run: RunSummary, signs: Known['signs']) {
  if (run.status !== 'running') return { status: run.status, silentSinceMs: null }
  const { goesOn, silentSinceMs } = lifeOf(run, signs, systemClock.now())
  return { status: goesOn ? run.status : 'interrupted', silentSinceMs }
}

function statusText(run: RunSummary, { asking, signs }: Known): string {
  const { status, silentSinceMs } = stateOf(run, signs)
  const silence = silentSinceMs === null ? [] : [silenceText(silentSinceMs)]
  return [status, ...silence, ...(asking.has(run.runId) ? ['asks for approval'] : [])].join(', ')
}

function tableOf(runs: readonly RunSummary[], known: Known): string[] {
  const columns = [
    { title: 'run' },
    { title: 'status' },
    { title: 'plan' },
    { title: 'version' },
    { title: 'environment' },
    { title: 'tasks', align: 'right' },
    { title: 'time', align: 'right' },
    { title: 'peak', align: 'right' },
  ] as const
  const rows = runs.map((run) => [
    run.runId,
    statusText(run, known),
    run.plan,
    run.version,
    run.environment ?? '-',
    String(run.taskCount),
    run.durationMs === null ? '-' : formatDuration(run.durationMs),
    run.peakMemoryBytes === null ? '-' : formatSize(run.peakMemoryBytes),
  ])
  return renderTable(columns, rows, styleFor(process.stdout, process.env))
}
