import { PlimsollError } from '../errors.ts'
import { nearestName } from '../nearest.ts'
import type { Call, RunCommand } from './words.ts'

type Action = (call: Call) => Promise<number>

/** Each loads what it needs. */
const actions: Readonly<Record<string, () => Promise<Action>>> = {
  names: async () => (await import('./metrics-read.ts')).printNames,
  query: async () => (await import('./metrics-query.ts')).printQuery,
  latest: async () => (await import('./metrics-read.ts')).printLatest,
  summary: async () => (await import('./metrics-read.ts')).printSummary,
  export: async () => (await import('./metrics-files.ts')).exportMetrics,
  import: async () => (await import('./metrics-files.ts')).importMetrics,
  prune: async () => (await import('./metrics-prune.ts')).pruneMetrics,
  serve: async () => (await import('./metrics-serve.ts')).serveMetrics,
}

/** Which options each of them has; what it does not know is a mistake of the call. */
const optionsOf: Readonly<Record<string, readonly string[]>> = {
  names: [],
  query: ['match', 'from', 'to', 'aggregate', 'step', 'by'],
  latest: ['match'],
  summary: ['match', 'from', 'to'],
  export: ['match', 'from', 'to', 'format', 'output'],
  import: ['format'],
  prune: ['retention-days', 'downsample'],
  serve: ['port', 'host', 'timestamps'],
}

export const metricsCommand: RunCommand = async (call) => {
  const [name] = call.positionals
  const load = name !== undefined && Object.hasOwn(actions, name) ? actions[name] : undefined
  if (load === undefined || name === undefined) throw unknownAction(name)
  for (const option of Object.keys(call.command.options)) {
    const isGiven = call.flag(option) || call.text(option) !== undefined || call.texts(option).length > 0
    if (isGiven && !optionsOf[name]?.includes(option))
      throw new PlimsollError('USAGE', `"plimsoll metrics ${name}" has no option --${option}`)
  }
  const act = await load()
  return await act(call)
}

function unknownAction(name: string | undefined): PlimsollError {
  const names = Object.keys(actions)
  const nearest = name === undefined ? undefined : nearestName(name, names)
  const hint = nearest === undefined ? `expected one of ${names.join(', ')}` : `did you mean "${nearest}"?`
  return new PlimsollError(
    'USAGE',
    name === undefined ? `what of the metrics? ${hint}` : `there is no "plimsoll metrics ${name}"; ${hint}`,
  )
}
