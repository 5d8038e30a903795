/** The receivers of a plan: an address that is told how a run ended. */
import type * as z from 'zod/mini'
import { didYouMean } from '../nearest.ts'
import type { Notification, Template } from '../spine.ts'
import { duration, either, filledText, keys, list, maybe, name, named, text, word } from './leaf.ts'
import { type Path, type Report, show } from './problems.ts'
import type { Scope } from './scope.ts'
import { checkUrl, headerProblem } from './work.ts'

/** A dead receiver must not hold the end of a run for long, in milliseconds. */
const longestMs = 60_000
const defaultMs = 10_000
const mostReceivers = 20

const runStatuses = ['succeeded', 'failed', 'rolled-back', 'interrupted'] as const
const runStatus = word(runStatuses, 'A way in which a run ends')

const receiver = keys(
  {
    url: filledText('An address that takes a POST; may be a secret'),
    secret: maybe(name('The secret that signs the message')),
    on: maybe(
      either(
        `one of ${runStatuses.join(', ')}, or a list of them`,
        [runStatus, list(runStatus, 'Any of these')],
        'When it is told. Default: however the run ends',
      ),
    ),
    headers: maybe(named(text('May contain ${...}'), 'Further headers of the request')),
    within: maybe(duration(1, 'How long all attempts together may take, at most 60s. Default 10s')),
  },
  { description: 'A receiver that is told how a run ended' },
)

export const notifySchema = named(receiver, 'Who is told how a run ended')

/** The receivers of a plan; they count only when nothing was reported. */
export function lowerNotify(
  written: z.output<typeof notifySchema>,
  scope: Scope,
  report: Report,
): readonly Notification[] {
  const names = Object.keys(written)
  if (names.length > mostReceivers)
    report(['notify'], `found ${names.length} receivers, allowed are ${mostReceivers}`)
  return Object.entries(written).map(([name, one]) => {
    const path: Path = ['notify', name]
    const { on = [...runStatuses], within: withinMs = defaultMs, headers = {} } = one
    if (withinMs > longestMs)
      report([...path, 'within'], `found ${withinMs} ms, expected at most ${longestMs} ms`)
    const secrets = new Set<string>()
    const fill = (text: string, at: Path): Template => {
      const parts = scope.template(text, at) ?? []
      for (const part of parts) {
        if (typeof part === 'string') continue
        if ('secret' in part) secrets.add(part.secret)
        else report(at, 'found an output of a task, expected a text that is known before the run starts')
      }
      return parts
    }
    const url = fill(one.url, [...path, 'url'])
    checkUrl(url, [...path, 'url'], report)
    const filled = Object.entries(headers).map(([header, text]) => {
      const problem = headerProblem(header)
      if (problem !== undefined) report([...path, 'headers', header], problem, { on: 'key' })
      return [header, fill(text, [...path, 'headers', header])] as const
    })
    if (one.secret !== undefined) {
      if (scope.secretNames.has(one.secret)) secrets.add(one.secret)
      else {
        const hint = didYouMean(one.secret, scope.secretNames)
        report([...path, 'secret'], `found ${show(one.secret)}, which is not listed under "secrets"${hint}`)
      }
    }
    return {
      ...{ name, url, headers: Object.fromEntries(filled), secret: one.secret ?? null },
      ...{ on: typeof on === 'string' ? [on] : on, withinMs, secrets: [...secrets].sort() },
    }
  })
}
