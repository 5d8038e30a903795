import type { DeployEvent, Report, RunMessage, TaskReport } from '../spine.ts'
import type { EngineMetric } from './engine-metrics.ts'

type Labels = Readonly<Record<string, string>>
export type Counted = { readonly name: EngineMetric; readonly labels: Labels; readonly value: number }

/** Of tasks alone; a plan with more has its totals. */
const mostTasks = 200

/**
 * What one engine has done for a run, added up from what it tells. What an earlier engine did for the same run was
 * counted by that one.
 */
export class RunTally {
  /** Bounded by the phases, statuses, reasons and actions that there are. */
  readonly #counters = new Map<string, Counted>()
  readonly #tasks = new Map<string, TaskReport>()

  note(message: RunMessage): void {
    switch (message.type) {
      case 'task-ended':
        this.#taskEnded(message)
        return
      case 'attempt-ended':
        this.#count('plimsoll_attempts_total')
        if (message.nextInMs !== null) this.#count('plimsoll_retries_total')
        return
      case 'task-guarded':
        this.#count('plimsoll_guard_actions_total', { action: message.action })
        return
      default:
    }
  }

  counters({ status }: Pick<Report, 'status'>): readonly Counted[] {
    return [{ name: 'plimsoll_runs_total', labels: { status }, value: 1 }, ...this.#counters.values()]
  }

  gauges({
    durationMs,
    peakMemoryBytes,
  }: Pick<Report, 'durationMs' | 'peakMemoryBytes'>): readonly Counted[] {
    return [
      { name: 'plimsoll_run_duration_seconds', labels: {}, value: durationMs / 1_000 },
      { name: 'plimsoll_run_peak_memory_bytes', labels: {}, value: peakMemoryBytes },
      ...[...this.#tasks].flatMap(([task, report]) => gaugesOf(task, report)),
    ]
  }

  #taskEnded({ phase, task, report }: Extract<DeployEvent, { type: 'task-ended' }>): void {
    this.#count('plimsoll_tasks_total', { phase, status: report.status })
    for (const [reason, ms] of Object.entries(report.waitReasons))
      this.#count('plimsoll_wait_seconds_total', { reason }, ms / 1_000)
    const hasRun = report.attempts > 0 && phase === 'deploy'
    if (hasRun && (this.#tasks.has(task) || this.#tasks.size < mostTasks)) this.#tasks.set(task, report)
  }

  #count(name: EngineMetric, labels: Labels = {}, more = 1): void {
    const key = JSON.stringify([name, labels])
    this.#counters.set(key, { name, labels, value: (this.#counters.get(key)?.value ?? 0) + more })
  }
}

function gaugesOf(task: string, report: TaskReport): readonly Counted[] {
  const { durationMs, cpuMs, peakMemoryBytes, reservedBytes } = report
  const labels = { task }
  return [
    { name: 'plimsoll_task_duration_seconds', labels, value: durationMs / 1_000 },
    ...(cpuMs === null ? [] : [{ name: 'plimsoll_task_cpu_seconds', labels, value: cpuMs / 1_000 } as const]),
    { name: 'plimsoll_task_peak_memory_bytes', labels, value: peakMemoryBytes.lower },
    { name: 'plimsoll_task_reserved_memory_bytes', labels, value: reservedBytes },
  ]
}
