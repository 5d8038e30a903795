import { createReadStream } from 'node:fs'
import { join, resolve } from 'node:path'
import { PlimsollError, systemCodeOf } from '../errors.ts'
import { type Journal, openJournal, type RunRecord, type RunSummary } from '../journal/journal.ts'
import { isSameProcess } from '../memory/memory.ts'
import { nearestName } from '../nearest.ts'
import {
  isClosed,
  plainLine,
  plainText,
  renderMarkdown,
  renderReport,
  renderTable,
  styleFor,
  writeSteadily,
} from '../report/report.ts'
import { openStoreForReading } from '../store/store.ts'
import { formatDuration, formatSize } from '../units.ts'
import { countOf } from './plan-argument.ts'
import { reportSoFar } from './report-so-far.ts'
import type { Call, RunCommand } from './words.ts'

/** Without --state the record beside a plan in this directory is meant. */
const stateDirOf = (call: Call): string => resolve(call.text('state') ?? '.plimsoll')

async function withJournal(
  call: Call,
  read: (journal: Journal, stateDir: string) => Promise<number>,
): Promise<number> {
  const stateDir = stateDirOf(call)
  await using store = await openStoreForReading({ stateDir })
  if (store) return await read(openJournal(store), stateDir)
  throw new PlimsollError('RUN_UNKNOWN', `nothing has been recorded in ${stateDir}`, {
    fix: 'Name the directory of the record with --state DIR, or deploy first',
  })
}

export const runsCommand: RunCommand = async (call) => {
  const limit = countOf('--limit', call.text('limit') ?? '20', 1_000)
  return withJournal(call, async (journal) => {
    const runs = await journal.runs({ limit })
    process.stdout.write(call.flag('json') ? runs.map(jsonLine).join('') : `${tableOf(runs).join('\n')}\n`)
    return 0
  })
}

export const showCommand: RunCommand = (call) =>
  withJournal(call, async (journal) => {
    const run = await journal.run(call.positionals[0] ?? 'last')
    const report = run.report ?? reportSoFar(run, await journal.tasks(run.runId), isSameProcess(run.engine))
    if (run.report === null && isSameProcess(run.engine)) {
      process.stderr.write(`this run goes on: process ${run.engine.pid} on ${run.host}\n`)
    }
    const style = styleFor(process.stdout, process.env)
    if (call.flag('json')) process.stdout.write(`${JSON.stringify(report)}\n`)
    else
      process.stdout.write(
        call.flag('markdown') ? renderMarkdown(report) : renderReport(report, style, linesOf(run)),
      )
    return 0
  })

export const logsCommand: RunCommand = (call) =>
  withJournal(call, async (journal, stateDir) => {
    const [name = 'last', task] = call.positionals
    const run = await journal.run(name)
    const attempts = await journal.attempts(run.runId)
    const wanted = attempts.filter((attempt) => task === undefined || attempt.task === task)
    if (task !== undefined && wanted.length === 0) throw unknownTask(run, task, attempts)
    for (const { task: of, attempt, phase, log } of wanted) {
      const undo = phase === 'undo' ? ', undo' : ''
      if (isClosed(process.stdout)) return 0
      if (wanted.length > 1) process.stdout.write(`==> ${plainLine(of)}${undo}, attempt ${attempt}\n`)
      await printFile(join(stateDir, log))
    }
    return 0
  })

const linesOf = ({ loadLineBytes, capacityBytes }: RunRecord) => ({
  ...(loadLineBytes !== null && { loadLineBytes }),
  ...(capacityBytes !== null && { capacityBytes }),
})

function jsonLine(run: RunSummary): string {
  return `${JSON.stringify({ ...run, status: statusOf(run) })}\n`
}

/** A run without a report whose engine is gone was killed. */
function statusOf(run: RunSummary): string {
  return run.status === 'running' && !isSameProcess(run.engine) ? 'interrupted' : run.status
}

function tableOf(runs: readonly RunSummary[]): string[] {
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
    statusOf(run),
    run.plan,
    run.version,
    run.environment ?? '-',
    String(run.taskCount),
    run.durationMs === null ? '-' : formatDuration(run.durationMs),
    run.peakMemoryBytes === null ? '-' : formatSize(run.peakMemoryBytes),
  ])
  return renderTable(columns, rows, styleFor(process.stdout, process.env))
}

function unknownTask(
  run: RunSummary,
  task: string,
  attempts: readonly { readonly task: string }[],
): PlimsollError {
  const names = new Set(attempts.map((attempt) => attempt.task))
  const nearest = nearestName(task, names)
  const hint =
    nearest === undefined ? `it has ${[...names].join(', ') || 'no output'}` : `did you mean "${nearest}"?`
  return new PlimsollError('RUN_UNKNOWN', `run ${run.runId} has no output of a task "${task}"; ${hint}`)
}

async function printFile(file: string): Promise<void> {
  try {
    for await (const chunk of createReadStream(file)) {
      if (isClosed(process.stdout)) return
      const text = process.stdout.isTTY ? plainText((chunk as Buffer).toString('utf8')) : (chunk as Buffer)
      await writeSteadily(process.stdout, text)
    }
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') process.stderr.write(`the log ${file} is not there any more\n`)
    else throw error
  }
}
