import type { TaskStates } from './task-states.ts'
import type { RunParts } from './words.ts'

/** So much of all logs of a run is read while its user waits, in bytes: some 100 ms. */
const mostBytes = 2 * 1024 ** 2

/** Tasks beyond these have mostly failed for the same reason; `plimsoll diagnose RUN` explains them, too. */
const mostTasks = 5

type Parts = Pick<RunParts, 'plan' | 'runId' | 'stateDir' | 'journal' | 'killSignal'>

/**
 * Has the offline expert say why tasks failed; it is loaded only when one has. What keeps it from that fails nothing: the
 * report says what failed all the same, and a journal that cannot be read is told of where it is needed.
 */
export async function explainFailures(states: TaskStates, parts: Parts): Promise<void> {
  const { plan, runId, stateDir, journal, killSignal } = parts
  const reports = states.all
  const failed = plan.tasks.filter(({ name }) => reports[name]?.status === 'failed').slice(0, mostTasks)
  if (failed.length === 0) return
  try {
    const { diagnose, evidenceOf } = await import('../experts/experts.ts')
    for (const { name, limitBytes } of failed) {
      const report = reports[name]
      if (report === undefined) continue
      const task = { plan: plan.name, runId, task: name, report, limitBytes }
      const evidence = await evidenceOf(task, { journal, stateDir, mostBytes: mostBytes / failed.length })
      states.keepDiagnosis(name, await diagnose(evidence, killSignal))
    }
  } catch {
    // Said above.
  }
}
