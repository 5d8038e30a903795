import type { Effort, Look } from '../experts/experts.ts'
import type { Diagnosis, Phase, Plan, TaskReport } from '../spine.ts'
import type { TaskStates } from './task-states.ts'
import type { RunParts } from './words.ts'

/** So much of all logs of a run is read first while its user waits, in bytes: some 50 ms. */
const firstBytes = 1024 ** 2
/** So much of those where that names no cause, if all that is read, also of green runs, takes no more than this effort: some 100 ms. */
const mostBytes = 6 * 1024 ** 2
const mostEffort = 10 * 1024 ** 2
/** What stands before may have more lines to look at than the end: so much of the effort is planned. */
const planned = 0.9
/** With less than this many times as much nothing new would be seen. */
const leastGrowth = 1.5

/** Tasks beyond these have mostly failed for the same reason; `plimsoll diagnose RUN` explains them, too. */
const mostTasks = 5

type Parts = Pick<RunParts, 'plan' | 'runId' | 'stateDir' | 'journal' | 'killSignal'>

/**
 * Has the offline expert say why tasks failed; it is loaded only when one has. What keeps it from that fails nothing: the
 * report says what failed all the same, and a journal that cannot be read is told of where it is needed.
 * @returns how many more failed.
 */
export async function explainFailures(states: TaskStates, parts: Parts): Promise<number> {
  const { plan, runId, stateDir, journal, killSignal } = parts
  const all = failuresOf(states, plan)
  const failed = all.slice(0, mostTasks)
  if (failed.length === 0) return 0
  try {
    const { Effort, evidenceOf, lookInto } = await import('../experts/experts.ts')
    const look = async ({ keep: _, ...one }: Failure, bytes: number, effort: Effort) => {
      const task = { plan: plan.name, runId, ...one }
      const evidence = await evidenceOf(task, { journal, stateDir, mostBytes: bytes })
      return { ...(await lookInto(evidence, effort, killSignal)), readBytes: evidence.partial?.readBytes }
    }
    const unclear: Unclear[] = []
    let left = mostEffort
    for (const failure of failed) {
      const effort = new Effort()
      const { isSure, readBytes, tell } = await look(failure, firstBytes / failed.length, effort)
      left -= effort.spent
      if (isSure || !readBytes) failure.keep(await tell())
      else unclear.push({ failure, effortPerByte: effort.spent / readBytes, tell })
    }
    const share = Math.max(0, left) / unclear.length
    for (const { failure, effortPerByte, tell } of unclear) {
      const bytes = Math.min(mostBytes / unclear.length, (planned * share) / effortPerByte)
      const effort = new Effort(share)
      const isMore = bytes >= (leastGrowth * firstBytes) / failed.length
      const second = isMore ? await look(failure, bytes, effort) : null
      failure.keep(await (second?.cause && !effort.isOver ? second.tell() : tell()))
    }
  } catch {
    // Said above.
  }
  return all.length - failed.length
}

type Unclear = Pick<Look, 'tell'> & { readonly failure: Failure; readonly effortPerByte: number }

type Failure = {
  readonly task: string
  readonly phase: Phase
  readonly report: TaskReport
  readonly limitBytes: number
  readonly keep: (diagnosis: Diagnosis) => void
}

/** Of the plan's tasks first, then of their undo, then of its hooks. */
function failuresOf(states: TaskStates, plan: Plan): readonly Failure[] {
  const reports = states.all
  const ofTasks = plan.tasks.map(({ name, limitBytes }) => ({
    ...{ task: name, phase: 'deploy' as const, report: reports[name], limitBytes },
    keep: (diagnosis: Diagnosis) => states.keepDiagnosis(name, diagnosis),
  }))
  const ofUndos = plan.tasks.map(({ name, limitBytes }) => ({
    ...{ task: name, phase: 'undo' as const, report: states.undoReportOf(name), limitBytes },
    keep: (diagnosis: Diagnosis) => states.keepUndoDiagnosis(name, diagnosis),
  }))
  const ofHooks = (['before', 'onFailure', 'after'] as const).flatMap((hook) =>
    (plan.hooks?.[hook] ?? []).map(({ name, limitBytes }) => ({
      ...{ task: name, phase: hook, report: states.hooks?.[hook]?.[name], limitBytes },
      keep: (diagnosis: Diagnosis) => states.keepHookDiagnosis(hook, name, diagnosis),
    })),
  )
  return [...ofTasks, ...ofUndos, ...ofHooks].flatMap(({ report, ...one }) =>
    report?.status === 'failed' ? [{ ...one, report }] : [],
  )
}
