import { PlimsollError } from '../errors.ts'
import { nearestName } from '../nearest.ts'
import { refuseOthers, type Takes } from './own-words.ts'
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

const takenBy: Readonly<Record<string, Takes>> = {
  names: { options: [] },
  query: { options: ['match', 'from', 'to', 'aggregate', 'step', 'by'] },
  latest: { options: ['match'] },
  summary: { options: ['match', 'from', 'to'] },
  export: { options: ['match', 'from', 'to', 'format', 'output'] },
  import: { options: ['format'] },
  prune: {
    options: ['retention-days', 'downsample'],
    noName:
      'Days are kept of every metric alike, so leave the name out; of one alone old samples are put together: --downsample NAME:7d:5m',
  },
  serve: {
    options: ['port', 'host', 'timestamps'],
    noName: 'Every metric is served: leave the name out, and choose in what scrapes them',
  },
}

export const metricsCommand: RunCommand = async (call) => {
  const [name] = call.positionals
  const load = name !== undefined && Object.hasOwn(actions, name) ? actions[name] : undefined
  if (load === undefined || name === undefined) throw unknownAction(name)
  refuseOthers(call, name, takenBy[name] ?? { options: [] })
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
