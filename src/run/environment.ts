import type { Plan } from '../spine.ts'

/** Of the engine alone: its password would be in the output of every task that prints its environment. */
const ownVariable = 'PLIMSOLL_DATABASE_URL'

/** The engine's own environment for the tasks: without the plan's secrets, under their names and their variables. */
export function withoutSecrets(variables: NodeJS.ProcessEnv, plan: Plan): Readonly<Record<string, string>> {
  const hidden = new Set([ownVariable, ...Object.keys(plan.secrets)])
  for (const source of Object.values(plan.secrets))
    if (source.from === 'environment') hidden.add(source.variable)
  const kept = Object.entries(variables).flatMap(([name, value]) =>
    value === undefined || hidden.has(name) ? [] : [[name, value] as const],
  )
  return Object.fromEntries(kept)
}
