/** What a task does, in one line, as a plan would say it. Secrets are names here, never values. */
import type { Condition, Template, TemplatePart, TemplateTree, Work } from '../spine.ts'

export function workText(work: Work): string {
  switch (work.kind) {
    case 'run':
      return `run ${work.script}`
    case 'exec':
      return `exec ${JSON.stringify(work.words.map(templateText))}`
    case 'call': {
      const argument = JSON.stringify(plainValue(work.argument))
      return `call ${work.module}#${work.exportName}${argument === 'null' ? '' : ` with ${argument}`}`
    }
    case 'http': {
      const { url, headers, body, kind, ...rest } = work
      const texts = { headers: textsOf(headers), ...(body && { body: templateText(body) }) }
      return `${kind} ${templateText(url)} ${JSON.stringify({ ...rest, ...texts })}`
    }
    case 'stop':
      return 'stop'
    default:
      return work satisfies never
  }
}

const templateText = (template: Template): string => template.map(partText).join('')

function partText(part: TemplatePart): string {
  if (typeof part === 'string') return part
  if ('secret' in part) return `\${secrets.${part.secret}}`
  const { task, key, fallback } = part.output
  return `\${tasks.${task}.outputs.${key}${fallback === null ? '' : `:-${fallback}`}}`
}

export const textsOf = (templates: Readonly<Record<string, Template>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(templates).map(([name, template]) => [name, templateText(template)]))

function plainValue(tree: TemplateTree): unknown {
  if ('text' in tree) return templateText(tree.text)
  if ('plain' in tree) return tree.plain
  if ('list' in tree) return tree.list.map(plainValue)
  return Object.fromEntries(Object.entries(tree.map).map(([key, value]) => [key, plainValue(value)]))
}

/** With parentheses wherever there are two sides. */
export function conditionText(condition: Condition): string {
  switch (condition.op) {
    case 'text':
      return JSON.stringify(condition.value)
    case 'status':
      return `tasks.${condition.task}.status`
    case 'output':
      return `tasks.${condition.task}.outputs.${condition.key}`
    case 'not':
      return `!${conditionText(condition.of)}`
    case 'equal':
    case 'differ':
    case 'and':
    case 'or':
      return `(${conditionText(condition.left)} ${signs[condition.op]} ${conditionText(condition.right)})`
    default:
      return condition satisfies never
  }
}

const signs = { equal: '==', differ: '!=', and: '&&', or: '||' } as const
