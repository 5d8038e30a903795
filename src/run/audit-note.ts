import { type Actor, type AuditNote, actorHere } from '../journal/journal.ts'
import { createRedactor } from '../redact/redact.ts'
import type { Plan, TaskAnswer } from '../spine.ts'

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

/** And of each answer that a person gave about a task whose end nobody else could know. */
export const notesOfAnswers = (
  { name, environment }: Plan,
  answers: Readonly<Record<string, TaskAnswer>>,
  doing: Omit<Doing, 'action'>,
): readonly AuditNote[] =>
  Object.entries(answers).map(([task, detail]) => ({
    ...doing,
    action: 'answer',
    plan: name,
    environment,
    task,
    detail,
  }))

/** Who this is; secrets in what was typed are masked. */
export const whoTyped = (
  variables: NodeJS.ProcessEnv,
  command: string | undefined,
  secrets: readonly string[],
): Actor => actorHere(variables, command === undefined ? null : createRedactor(secrets).text(command))
