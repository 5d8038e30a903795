import type { Diagnosis, Phase, Plan, TaskReport } from '../spine.ts'
import type { TaskStates } from './task-states.ts'
import type { RunParts } from './words.ts'

/** So much of all logs of a run is read while its user waits, in bytes: some 50 ms. */
const mostBytes = 1024 ** 2

/** Tasks beyond these have mostly failed for the same reason; `plimsoll diagnose RUN` explains them, too. */
const mostTasks = 5

type Parts = Pick<RunParts, 'plan' | 'runId' | 'stateDir' | 'journal' | 'killSignal'>

/**
 * Has the offline expert say why tasks failed; it is loaded only when one has. What keeps it from that fails nothing: the
 * report says what failed all the same, and a journal that cannot be read is told of where it is needed.
 */
export async function explainFailures(states: TaskStates, parts: Parts): Promise<void> {
  const { plan, runId, stateDir, journal, killSignal } = parts
  const failed = failuresOf(states, plan).slice(0, mostTasks)
  if (failed.length === 0) return
  try {
    const { diagnose, evidenceOf } = await import('../experts/experts.ts')
    for (const { keep, ...one } of failed) {
      const task = { plan: plan.name, runId, ...one }
      const evidence = await evidenceOf(task, { journal, stateDir, mostBytes: mostBytes / failed.length })
      keep(await diagnose(evidence, killSignal))
    }
  } catch {
    // Said above.
  }
}

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
