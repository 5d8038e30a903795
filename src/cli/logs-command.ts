import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { PlimsollError, systemCodeOf } from '../errors.ts'
import type { AttemptRecord, Journal, RunRecord, RunSummary } from '../journal/journal.ts'
import { nearestName } from '../nearest.ts'
import { createRedactor, type Masker } from '../redact/redact.ts'
import { isClosed, plainLine, plainText, writeSteadily } from '../report/report.ts'
import { withJournal } from './with-journal.ts'
import type { RunCommand } from './words.ts'

export const logsCommand: RunCommand = (call) =>
  withJournal(call, async (journal, stateDir) => {
    const [name = 'last', task] = call.positionals
    const run = await journal.run(name).catch(async (error: unknown) => {
      throw (await meantTask(journal, name, error)) ?? error
    })
    const attempts = await journal.attempts(run.runId)
    const wanted = attempts.filter((attempt) => task === undefined || attempt.task === task)
    if (task !== undefined && wanted.length === 0) throw unknownTask(run, task, attempts)
    const isService = servicesOf(run)
    const masker = wanted.some(isService) ? await serviceMasker(run) : noMasker
    for (const attempt of wanted) {
      const undo = attempt.phase === 'undo' ? ', undo' : ''
      if (isClosed(process.stdout)) return 0
      if (wanted.length > 1)
        process.stdout.write(`==> ${plainLine(attempt.task)}${undo}, attempt ${attempt.attempt}\n`)
      await printFile(join(stateDir, attempt.log), isService(attempt) ? masker : noMasker)
    }
    return 0
  })

/** `logs build` is meant as `logs last build`, where the last run has such a task. */
async function meantTask(journal: Journal, word: string, cause: unknown): Promise<PlimsollError | undefined> {
  if (!(cause instanceof PlimsollError) || cause.code !== 'RUN_UNKNOWN' || word === 'last') return undefined
  const last = await journal.run('last')
  if (!(await journal.attempts(last.runId)).some(({ task }) => task === word)) return undefined
  const fix = `Name the run first: plimsoll logs last ${JSON.stringify(word)}`
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

async function printFile(file: string, masker: Masker): Promise<void> {
  const mask = masker.stream()
  try {
    for await (const chunk of createReadStream(file)) {
      if (isClosed(process.stdout)) return
      await print(mask.push(chunk as Buffer))
    }
    await print(mask.end())
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') process.stderr.write(`the log ${file} is not there any more\n`)
    else throw error
  }
}

async function print(bytes: Uint8Array): Promise<void> {
  if (bytes.length === 0) return
  const text = process.stdout.isTTY ? plainText(Buffer.from(bytes).toString('utf8')) : bytes
  await writeSteadily(process.stdout, text)
}
