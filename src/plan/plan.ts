/**
 * YAML text -> a `Plan` known to be sound, or every problem at once with its line and column.
 *
 * It promises: a returned plan has unique names, needs that exist, no cycle, and references only to tasks that
 * run before; wrong input of any kind ends in a PlanInvalidError, quickly and with places; names and values are data,
 * never code. It does not look at the world: programs, modules and directories of tasks may not exist.
 * Secrets are named in a plan and loaded apart from it.
 */

export type { ExpertSource, KeySource } from './circle.ts'
export { type ConditionFacts, conditionHolds, isDecided, statusesRead } from './condition.ts'
export { variablesChanged } from './filled-from.ts'
export { layerOfVariables, layerOptions, optionVariables } from './options.ts'
export { taskPlaces } from './place.ts'
export { PlanInvalidError, type Problem } from './problems.ts'
export { type PlanOptions, parsePlan, readPlan } from './read.ts'
export { type Circle, type CircleOptions, readCircle } from './read-circle.ts'
export { planSchema } from './schema.ts'
export { knownSecrets, loadSecrets } from './secrets.ts'
export { selectTasks } from './select.ts'
export { type FillValues, fillTemplate, fillTree } from './template.ts'
export { refuseWrittenSecrets } from './written-secrets.ts'
