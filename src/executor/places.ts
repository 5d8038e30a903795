import type { RunningTask } from './running.ts'

/** A place among the running tasks of the executor, as its executions see it. */
export type Places = {
  /** False when all slots are taken. */
  take(): boolean
  giveBack(): void
  /** Lets every other execution see that a slot or memory came free. */
  announce(own: unknown): void
  /** Lets go of what was set aside for it. */
  end(task: RunningTask): void
  /** Lets go of it early, and others see that memory came free. */
  free(task: RunningTask): void
  /** The guard may act on a task from now on. */
  watch(task: RunningTask): void
}
