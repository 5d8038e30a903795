import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { PlimsollError, systemCodeOf } from '../errors.ts'
import type { AttemptRecord, Journal, RunRecord, RunSummary } from '../journal/journal.ts'
import { nearestName } from '../nearest.ts'
import { createRedactor, type Masker } from '../redact/redact.ts'
import { isClosed, plainLine, shellWord } from '../report/report.ts'
import { missingLog } from './engine-state.ts'
import { type FollowParts, followLogs } from './follow-logs.ts'
import { type LogSink, sinkFor } from './log-output.ts'
import { stopSignals } from './stop-signals.ts'
import { recordOptionsOf, withJournal } from './with-journal.ts'
import type { RunCommand } from './words.ts'

export const logsCommand: RunCommand = (call) =>
  withJournal(call, async (journal, stateDir) => {
    const [name = 'last', ...named] = call.positionals
    const tasks = [...named, ...call.texts('task')]
    const run = await journal.run(name).catch(async (error: unknown) => {
      throw (await meantTask(journal, name, { cause: error, options: recordOptionsOf(call) })) ?? error
    })
    const isService = servicesOf(run)
    const wants = (task: string): boolean => tasks.length === 0 || tasks.includes(task)
    const hasService = run.definition.tasks.some(
      ({ name: task }) =>
        wants(task) && (isService({ task, phase: 'deploy' }) || isService({ task, phase: 'undo' })),
    )
    const masker = hasService ? await serviceMasker(run) : noMasker
    const maskerOf: MaskerOf = (attempt) => (isService(attempt) ? masker : noMasker)
    const json = call.flag('json')
    if (call.flag('follow')) return await follow({ journal, stateDir, run, wants, maskerOf, tasks, json })

    const attempts = await journal.attempts(run.runId)
    const wanted = attempts.filter((attempt) => wants(attempt.task))
    const silent = tasks.find((task) => !wanted.some((attempt) => attempt.task === task))
    if (silent !== undefined) throw unknownTask(run, silent, attempts)
    for (const attempt of wanted) {
      const phase = attempt.phase === 'deploy' ? '' : `, ${attempt.phase}`
      if (isClosed(process.stdout)) return 0
      if (wanted.length > 1 && !json)
        process.stdout.write(`==> ${plainLine(attempt.task)}${phase}, attempt ${attempt.attempt}\n`)
      const file = join(stateDir, attempt.log)
      const sink = sinkFor(attempt, { json, withNames: false })
      if (!(await printFile(file, maskerOf(attempt), sink))) process.stderr.write(missingLog(file, run))
    }
    return 0
  })

type MaskerOf = (attempt: AttemptRecord) => Masker
type Following = Omit<FollowParts, 'withNames' | 'signal'> & { readonly tasks: readonly string[] }

/** Also tasks that have not begun. */
async function follow({ tasks, ...parts }: Following): Promise<number> {
  const known = parts.run.definition.tasks.map(({ name }) => ({ task: name }))
  const unknown = tasks.find((task) => !known.some((one) => one.task === task))
  if (unknown !== undefined) throw unknownTask(parts.run, unknown, known)
  using stop = stopSignals()
  const withNames = (tasks.length === 0 ? known : tasks).length > 1
  return (await followLogs({ ...parts, withNames, signal: stop.signal })) ? 0 : interrupted
}

/** The exit code. */
const interrupted = 130

/** `logs build` is meant as `logs last build`, where the last run has such a task. */
async function meantTask(
  journal: Journal,
  word: string,
  { cause, options }: { readonly cause: unknown; readonly options: string },
): Promise<PlimsollError | undefined> {
  if (!(cause instanceof PlimsollError) || cause.code !== 'RUN_UNKNOWN' || word === 'last') return undefined
  const last = await journal.run('last')
  if (!(await journal.attempts(last.runId)).some(({ task }) => task === word)) return undefined
  const fix = `Name the run first: plimsoll logs last ${shellWord(word)}${options}`
  return new PlimsollError('RUN_UNKNOWN', cause.message, { cause, fix })
}

const noMasker = createRedactor([])

type IsService = (attempt: Pick<AttemptRecord, 'task' | 'phase'>) => boolean

function servicesOf({ definition }: RunRecord): IsService {
  const tasks = new Map(definition.tasks.map((task) => [task.name, task]))
  return ({ task: name, phase }) => {
    const task = tasks.get(name)
    const work = phase === 'undo' ? task?.undo : task?.work
    return (work?.kind === 'run' || work?.kind === 'exec') && work.detach
  }
}

/** A service writes its log itself, unmasked. What the secrets are now is masked on the way out. */
async function serviceMasker(run: RunRecord): Promise<Masker> {
  const { knownSecrets } = await import('../plan/plan.ts')
  const { values, missing } = await knownSecrets(run.definition, { variables: process.env })
  if (missing.size > 0) {
    const names = [...missing.keys()].map(plainLine).join(', ')
    process.stderr.write(
      `the log of a service is shown as the service wrote it: the value of ${names} is not known here\n`,
    )
  }
  return createRedactor(Object.values(values))
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

/** False when there is no such file. */
async function printFile(file: string, masker: Masker, sink: LogSink): Promise<boolean> {
  const mask = masker.stream()
  try {
    for await (const chunk of createReadStream(file)) {
      if (isClosed(process.stdout)) return true
      await sink.push(mask.push(chunk as Buffer))
    }
    await sink.push(mask.end())
    await sink.end()
    return true
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return false
    throw error
  }
}
