/** Options that belong together, or to several commands. */

export const environmentOptions = {
  env: { type: 'string', value: 'NAME', names: 'ENVIRONMENT', summary: 'the environment of the plan to use' },
  version: { type: 'string', value: 'TEXT', summary: 'the version that is deployed; wins over the plan' },
  var: {
    type: 'string',
    multiple: true,
    value: 'K=V',
    summary: 'sets a variable of the plan; may be repeated',
  },
  concurrency: { type: 'string', value: 'N', summary: 'how many tasks may run at once (default 10)' },
  memory: {
    type: 'string',
    value: 'BUDGET',
    summary: 'the load line of the whole machine, others included: 2GiB or 85% (default 85%)',
  },
  only: {
    type: 'string',
    multiple: true,
    value: 'TASK',
    names: 'TASK',
    summary: 'this task and what it needs; may be repeated',
  },
  history: {
    type: 'string',
    value: 'FILE',
    summary: 'carries what tasks needed from machine to machine (default $PLIMSOLL_HISTORY)',
  },
} as const

export const forceOptions = {
  force: { type: 'boolean', summary: 'runs tasks though nothing they depend on has changed' },
  'force-task': {
    type: 'string',
    multiple: true,
    value: 'TASK',
    names: 'TASK',
    summary: 'the same for this task alone; may be repeated',
  },
} as const

export const taskOption = {
  type: 'string',
  multiple: true,
  value: 'TASK=ANSWER',
  names: 'ANSWER',
  summary:
    'what has become of a task: done, failed, again (run it again) or adopt (wait for it); may be repeated',
} as const

const waitForLock = {
  type: 'string',
  value: 'DURATION',
  summary: 'how long to wait for another run of this plan to this environment (default: not at all)',
} as const

export const waitOptions = {
  'wait-for-lock': waitForLock,
  'wait-for-approval': {
    type: 'string',
    value: 'DURATION',
    summary: 'how long to wait for plimsoll approve where nobody can be asked (default: not at all)',
  },
} as const

export const metricsOptions = {
  match: {
    type: 'string',
    multiple: true,
    value: 'LABEL=VALUE',
    summary: 'only series with this label: =, !=, =~ or !~; may be repeated',
  },
  from: {
    type: 'string',
    value: 'TIME',
    summary: 'from this time on: 2h (before now), 2026-11-28, 2026-11-28T10:00:00Z (query: 1h)',
  },
  to: { type: 'string', value: 'TIME', summary: 'before this time (default: now)' },
  aggregate: {
    type: 'string',
    value: 'NAME',
    summary:
      'query: avg, min, max, sum, count, first, last, stddev, rate, increase, p50 to p99 (default avg; of a _total rate)',
  },
  step: { type: 'string', value: 'DURATION', summary: 'query: one value for so much time (default a 60th)' },
  by: {
    type: 'string',
    multiple: true,
    value: 'LABEL',
    summary: 'query: one line for each value of this label; may be repeated',
  },
  format: {
    type: 'string',
    value: 'NAME',
    summary: 'export, import: openmetrics, prometheus, csv or jsonl (default by the end of the file name)',
  },
  output: { type: 'string', value: 'FILE', summary: 'export: to this file, which only you may read' },
  'retention-days': { type: 'string', value: 'N', summary: 'prune: deletes what is older than so many days' },
  downsample: {
    type: 'string',
    multiple: true,
    value: '[NAME:]AGE:STEP',
    summary: 'prune: puts together what is older than AGE, one STEP after the other: 7d:5m; may be repeated',
  },
  port: { type: 'string', value: 'N', summary: 'serve: the port (default 9187)' },
  host: {
    type: 'string',
    value: 'ADDRESS',
    summary: 'serve: the address (default 127.0.0.1: this machine alone)',
  },
  timestamps: { type: 'boolean', summary: 'serve: says when each value was recorded' },
} as const

export const expertOptions = {
  experts: {
    type: 'string',
    value: 'A,B',
    summary: 'only these of the circle; "offline" needs no model (default: all)',
  },
  enough: {
    type: 'string',
    value: 'N',
    summary: 'ends when so many have answered, of a diagnosis when so many agree (default: waits for all)',
  },
  timeout: { type: 'string', value: 'DURATION', summary: 'what has not answered by then is left out' },
  config: {
    type: 'string',
    value: 'FILE',
    summary: 'where the circle is configured (default plimsoll.config.yaml and plimsoll.yaml)',
  },
  env: {
    type: 'string',
    value: 'NAME',
    names: 'ENVIRONMENT',
    summary: 'with the limits of this environment of the plan',
  },
} as const

/** The consent that an environment, and where tasks are run a task, asks for. */
export const yesOption = {
  type: 'boolean',
  short: 'y',
  summary: 'gives the consent that an environment or a task asks for',
} as const
