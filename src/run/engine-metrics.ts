/** What the engine records of its own runs; names and units as Prometheus advises (prometheus.io/docs/practices/naming). */
import type { MetricMeaning } from '../metrics/metrics.ts'

/** Every one has the labels `plan` and, where the plan has environments, `environment`. */
export const engineMetrics = {
  plimsoll_runs_total: { type: 'counter', help: 'Runs that ended, by status.' },
  plimsoll_tasks_total: { type: 'counter', help: 'Tasks that ended, by phase and status.' },
  plimsoll_attempts_total: { type: 'counter', help: 'Attempts of tasks that ended.' },
  plimsoll_retries_total: { type: 'counter', help: 'Attempts that were followed by another one.' },
  plimsoll_wait_seconds_total: {
    type: 'counter',
    help: 'Time that tasks waited before they ran, by reason.',
  },
  plimsoll_guard_actions_total: {
    type: 'counter',
    help: 'Tasks that were suspended, resumed or put back for want of memory, by action.',
  },
  plimsoll_run_duration_seconds: { type: 'gauge', help: 'How long a run took.' },
  plimsoll_run_peak_memory_bytes: { type: 'gauge', help: 'The most memory that the tasks of a run used.' },
  plimsoll_task_duration_seconds: { type: 'gauge', help: 'How long a task took, by task.' },
  plimsoll_task_cpu_seconds: { type: 'gauge', help: 'Processor time that a task took, by task.' },
  plimsoll_task_peak_memory_bytes: { type: 'gauge', help: 'The most memory that a task used, by task.' },
  plimsoll_task_reserved_memory_bytes: { type: 'gauge', help: 'Memory reserved for a task, by task.' },
  plimsoll_memory_used_bytes: { type: 'gauge', help: 'Memory in use by everybody during a run.' },
  plimsoll_memory_reserved_bytes: {
    type: 'gauge',
    help: 'Memory that the tasks of a run used, or that was reserved for them.',
  },
  plimsoll_memory_load_line_bytes: { type: 'gauge', help: 'Above it no task is started.' },
  plimsoll_memory_capacity_bytes: { type: 'gauge', help: 'All memory there is.' },
} as const satisfies Readonly<Record<string, MetricMeaning>>

export type EngineMetric = keyof typeof engineMetrics
