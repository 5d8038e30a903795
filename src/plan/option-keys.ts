import type * as z from 'zod/mini'
import { amount, flag, keys, maybe, share, whole } from './leaf.ts'

/** Every option of the components, as the plan file writes it: names as in code, ranges, units. */
const mostMb = 2 ** 24 // 16 TiB

export const sectionKeys = {
  executor: maybe(
    keys(
      {
        maxConcurrentTasks: maybe(whole(1, 1_000, 'Tasks that may run at once. Default 10')),
        memoryLimitMb: maybe(whole(1, mostMb, 'Limit of a task that declares none, in MiB. Default 1024')),
        maxWorkersThread: maybe(whole(1, 1_000, 'Worker threads for "call" at once. Default 10')),
        maxWorkersProcess: maybe(whole(1, 1_000, 'Child processes for "call" at once. Default: cores')),
        enableProgress: maybe(flag('Whether progress is shown. Default true')),
        memoryPressureThreshold: maybe(share('The load line as a share of the memory. Default 0.85')),
        memoryBudgetBytes: maybe(whole(1, 2 ** 44, 'The load line in bytes, instead of a share')),
      },
      { description: 'How tasks are executed' },
    ),
  ),
  retry: maybe(
    keys(
      {
        maxAttempts: maybe(
          whole(1, 1_000, 'Attempts of a task that asks for a retry without a number. Default 3'),
        ),
        memoryLimitMb: maybe(
          whole(
            1,
            mostMb,
            'Growth of the memory of the engine that ends a function inside it, in MiB. Default 100',
          ),
        ),
        cleanupBetweenRetries: maybe(
          flag('Whether what a failed attempt left in the engine is let go before the next. Default true'),
        ),
        maxPayloadSizeMb: maybe(whole(1, mostMb, 'A larger "with" or "body" is refused, in MiB. Default 50')),
      },
      { description: 'How operations are retried' },
    ),
  ),
  queries: maybe(
    keys(
      {
        queryTtlHours: maybe(
          amount(0.001, 87_600, 'Hours that a query stays in memory; it stays stored. Default 24'),
        ),
        maxCachedQueries: maybe(whole(1, 1_000_000, 'Queries in memory. Default 1000')),
      },
      { description: 'Questions to the experts' },
    ),
  ),
  experts: maybe(
    keys(
      {
        maxConcurrentQueries: maybe(whole(1, 1_000, 'Consultations at once. Default 5')),
        memoryBudgetMb: maybe(
          whole(4, mostMb, 'Memory of all answers that are on their way, in MiB. Default 512'),
        ),
        enableStreaming: maybe(flag('Whether answers are streamed. Default true')),
        spendingLimitUsd: maybe(
          amount(
            0,
            1_000_000,
            'What all consultations of a process may cost, in US dollars. Default: no limit',
          ),
        ),
      },
      { description: 'The circle of experts' },
    ),
  ),
  metrics: maybe(
    keys(
      { chunkSize: maybe(whole(1, 100_000, 'Samples in a chunk. Default 100')) },
      { description: 'The metrics repository' },
    ),
  ),
}

/** The sections alone, for what comes from variables. */
export const layerSchema = keys(sectionKeys)

export type OptionLayer = z.output<typeof layerSchema>
