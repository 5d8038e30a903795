/** Queries that are asked often, with the words that experts need. */
import type { Attachment, NewAttachment, NewQuery, TextSource } from './words.ts'

type Common = Pick<NewQuery, 'priority' | 'tags' | 'deadlineMs' | 'context' | 'idempotencyKey'>

export type CodeReview = Common & {
  /** What is reviewed: a diff or the code itself, of any length. */
  readonly code: TextSource
  readonly language?: string
  /** What to look at above all. */
  readonly focus?: readonly string[]
}

export function codeReviewQuery({ code, language, focus = [], ...common }: CodeReview): NewQuery {
  const title = `Review ${language === undefined ? 'code' : `${language} code`}`
  return {
    ...common,
    type: 'review',
    title,
    text: 'Review the attached code. For each finding say where it is (file and line), what goes wrong and when, and what to write instead.',
    constraints: [
      'Cite the lines that a finding rests on',
      ...focus.map((one) => `Look above all at: ${one}`),
    ],
    attachments: [{ kind: 'text', name: 'code', content: code }],
  }
}

export type Architecture = Common & {
  readonly title: string
  /** What has to be decided, and what is there today. */
  readonly description: TextSource
  readonly options?: readonly string[]
  readonly constraints?: readonly string[]
  readonly attachments?: readonly NewAttachment[]
}

export function architectureQuery({
  description,
  options = [],
  constraints = [],
  ...common
}: Architecture): NewQuery {
  return {
    ...common,
    type: 'architectural',
    text: description,
    constraints: [
      'Weigh the choices against each other and name what would change the decision',
      ...options.map((option) => `One choice is: ${option}`),
      ...constraints,
    ],
  }
}

/** Of a task of a recorded run. Its log stays where it is. */
export type Diagnosed = {
  readonly runId: string
  readonly task: string
  readonly error?: { readonly code: string; readonly message: string } | undefined
  readonly exitCode?: number | null | undefined
  readonly attempts?: number | undefined
  readonly plan?: string | undefined
  readonly environment?: string | null | undefined
}

export function diagnosisQuery(task: Diagnosed, common: Common = {}): NewQuery {
  const { runId, error } = task
  const facts = {
    run: runId,
    task: task.task,
    plan: task.plan,
    environment: task.environment,
    attempts: task.attempts,
    'exit code': task.exitCode,
    'error code': error?.code,
    error: error?.message,
  }
  const known = Object.entries(facts).flatMap(([name, value]) =>
    value == null ? [] : [[name, String(value)]],
  )
  const log: Attachment = { kind: 'run-log', runId, task: task.task }
  return {
    priority: 'high',
    ...common,
    type: 'diagnosis',
    title: `Why did ${JSON.stringify(shortened(task.task))} fail in run ${runId}?`,
    text: 'Name the cause of the failure, the lines of the log that show it, and what to do.',
    context: { ...Object.fromEntries(known), ...common.context },
    constraints: ['Cite existing lines of the log', 'Name one cause of the taxonomy'],
    attachments: [log],
  }
}

const shortened = (name: string): string => (name.length <= 100 ? name : `${name.slice(0, 99)}…`)
