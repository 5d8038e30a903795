/**
 * The words that flow through the engine: Plan, Task, Attempt, DeployEvent, Report. Types only.
 * Sizes are bytes, times milliseconds; `plan/` has already converted what people wrote.
 */
export type * from './spine/attempt.ts'
export type * from './spine/events.ts'
export type * from './spine/plan.ts'
export type * from './spine/report.ts'
