/** What each option of the components is where nobody sets it: in code, in a plan and at the command line alike. */
import { availableParallelism } from 'node:os'
import type { Options } from './spine.ts'

export const defaultOptions: Options = {
  executor: {
    maxConcurrentTasks: 10,
    memoryLimitMb: 1024,
    maxWorkersThread: 10,
    maxWorkersProcess: availableParallelism(),
    enableProgress: true,
    memoryPressureThreshold: 0.85,
    memoryBudgetBytes: null,
  },
  retry: { maxAttempts: 3, memoryLimitMb: 100, cleanupBetweenRetries: true, maxPayloadSizeMb: 50 },
  queries: { queryTtlHours: 24, maxCachedQueries: 1_000 },
  experts: { maxConcurrentQueries: 5, memoryBudgetMb: 512, enableStreaming: true },
  metrics: { chunkSize: 100 },
}
