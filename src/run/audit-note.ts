import { type Actor, type AuditNote, actorHere } from '../journal/journal.ts'
import { createRedactor } from '../redact/redact.ts'
import type { Plan } from '../spine.ts'

type Doing = {
  readonly action: AuditNote['action']
  readonly runId: string
  readonly atMs: number
  readonly by: Actor
}

/** What the audit says of a run that begins. */
export function noteOf({ name, version, environment }: Plan, doing: Doing): AuditNote {
  const detail = version === '' ? null : `version ${version}`
  return { ...doing, plan: name, environment, detail }
}

/** Who this is; secrets in what was typed are masked. */
export const whoTyped = (
  variables: NodeJS.ProcessEnv,
  command: string | undefined,
  secrets: readonly string[],
): Actor => actorHere(variables, command === undefined ? null : createRedactor(secrets).text(command))
