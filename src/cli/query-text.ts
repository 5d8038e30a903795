/** One query and its answers, for people. Nothing that was asked or answered reaches the terminal as a command. */
import type { Answer, Attachment, Query } from '../queries/queries.ts'
import { plainLine, plainText } from '../report/report.ts'
import { formatSize } from '../units.ts'

export function queryText(query: Query, answers: readonly Answer[]): string {
  const { id, type, priority, status, title, tags, text, constraints, attachments, error } = query
  const lines = [
    plainLine(title),
    `${id}  ${type}, ${priority}, ${status}, asked ${timeText(query.createdAtMs)}${query.endedAtMs === null ? '' : `, ended ${timeText(query.endedAtMs)}`}`,
    ...(query.deadlineMs === undefined ? [] : [`deadline: ${timeText(query.deadlineMs)}`]),
    ...(tags.length === 0 ? [] : [plainLine(`tags: ${tags.join(', ')}`)]),
    ...Object.entries(query.context).map(([name, value]) => plainLine(`${name}: ${value}`)),
    ...constraints.map((one) => plainLine(`must: ${one}`)),
    ...attachments.map((one) => plainLine(`attached: ${attachmentText(one)}`)),
    ...(error === null ? [] : [plainLine(`not answered: ${error.message}`)]),
    ...(text === '' ? [] : ['', plainText(text)]),
    ...answers.flatMap(answerLines),
  ]
  return `${lines.join('\n')}\n`
}

function attachmentText(attachment: Attachment): string {
  if (attachment.kind === 'run-log')
    return `log of ${JSON.stringify(attachment.task)} in run ${attachment.runId}`
  if (attachment.kind === 'file') return `file ${attachment.path}`
  return `${attachment.name ?? 'text'}, ${formatSize(attachment.bytes)}`
}

function answerLines(answer: Answer): readonly string[] {
  const { expert, model, status, cause, inputTokens, outputTokens, costUsd } = answer
  const facts = [
    status,
    ...(cause === null ? [] : [`cause ${cause}`]),
    ...(inputTokens === null && outputTokens === null
      ? []
      : [`${inputTokens ?? 0} + ${outputTokens ?? 0} tokens`]),
    ...(costUsd === null ? [] : [`$${costUsd.toFixed(4)}`]),
  ]
  return [
    '',
    plainLine(`== ${expert}${model === null ? '' : ` (${model})`}: ${facts.join(', ')}`),
    ...(answer.error === null ? [] : [plainLine(answer.error.message)]),
    ...(answer.text === '' ? [] : [plainText(answer.text)]),
    ...answer.evidence.map(({ source, line, text, supported }) =>
      plainLine(
        `  ${source}${line === null ? '' : `:${line}`}  ${text}${supported ? '' : '  (no such line)'}`,
      ),
    ),
  ]
}

const timeText = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`
