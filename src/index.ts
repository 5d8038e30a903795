/** The public list; the only file of the library that re-exports from everywhere. */
export { type Clock, systemClock } from './clock.ts'
export { type DeployOptions, deploy } from './deploy.ts'
export { type ErrorCode, type ErrorFacts, errorTable, PlimsollError } from './errors.ts'
export {
  type Call,
  type CallOptions,
  type Ended,
  type ExecuteOptions,
  type ExecutorEvent,
  type ExecutorOptions,
  type ExecutorReport,
  type ExecutorTask,
  type MapContext,
  type MapFunction,
  type MapOptions,
  ParallelExecutor,
  type TaskContext,
  WantOfMemory,
} from './executor/executor.ts'
export {
  checkMemoryPressure,
  type MemoryLevel,
  MemoryMonitor,
  type MemoryProfile,
  type MemoryReading,
  type MemorySample,
  type MemorySamples,
  type MemoryStalls,
  type MonitorOptions,
  type PressureLevel,
  type Reservation,
  type SampleOptions,
  type Seen,
} from './memory/memory.ts'
export { PlanInvalidError, type PlanOptions, planSchema, readPlan } from './plan/plan.ts'
export {
  type Job,
  type JobContext,
  type JobKind,
  type JobResult,
  type Measured,
  openPool,
  type Pool,
  type PoolOptions,
  type RunOptions,
} from './pool/pool.ts'
export { type PlanPrediction, type PredictedTask, type PredictOptions, predict } from './predict.ts'
export {
  type AttemptContext,
  type AttemptEnd,
  type AttemptRecord,
  attemptsOf,
  type Cleanup,
  cleanupRetryState,
  type DelayFunction,
  isTransient,
  type Jitter,
  type MemoryGauge,
  payloadBytes,
  type RetriedFunction,
  RetryBudget,
  type RetryBudgetOptions,
  type RetryConfig,
  type RetryCounters,
  type RetryEvent,
  type RetryHistory,
  type RetryStop,
  retry,
  retryCounters,
  type Strategy,
} from './retry/retry.ts'
export type { CallContext } from './runners/runners.ts'
export type * from './spine.ts'
