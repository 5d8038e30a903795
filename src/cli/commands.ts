import type { Command } from './words.ts'

const environmentOptions = {
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

const forceOptions = {
  force: { type: 'boolean', summary: 'runs tasks though nothing they depend on has changed' },
  'force-task': {
    type: 'string',
    multiple: true,
    value: 'TASK',
    names: 'TASK',
    summary: 'the same for this task alone; may be repeated',
  },
} as const

const taskOption = {
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

const waitOptions = {
  'wait-for-lock': waitForLock,
  'wait-for-approval': {
    type: 'string',
    value: 'DURATION',
    summary: 'how long to wait for plimsoll approve where nobody can be asked (default: not at all)',
  },
} as const

const metricsOptions = {
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

const expertOptions = {
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
} as const

/** The whole command line: parsing, help, completion and "did you mean" are derived from this table. */
export const commands: readonly Command[] = [
  {
    name: 'deploy',
    summary: 'runs a plan (default plimsoll.yaml)',
    positionals: '[PLAN]',
    options: {
      ...environmentOptions,
      'keep-going': { type: 'boolean', summary: 'after a failure, independent branches go on (default)' },
      'fail-fast': { type: 'boolean', summary: 'after a failure, nothing new starts' },
      ...forceOptions,
      'no-undo': { type: 'boolean', summary: 'a failure does not undo what succeeded' },
      ...waitOptions,
      fresh: {
        type: 'boolean',
        summary: 'gives up the last run, should it be interrupted, and begins a new one',
      },
      'go-on': {
        type: 'boolean',
        summary: 'goes on with the last run, also when the plan has changed or a task had failed',
      },
      task: taskOption,
      yes: {
        type: 'boolean',
        short: 'y',
        summary: 'gives the consent that an environment or a task asks for',
      },
    },
    examples: ['plimsoll deploy', 'plimsoll deploy shop.yaml --env production --version 1.4.2 --yes'],
    load: async () => (await import('./deploy-command.ts')).deployCommand,
  },
  {
    name: 'resume',
    summary: 'goes on with a run that was interrupted or has failed (default: the last)',
    positionals: '[RUN]',
    options: {
      ...waitOptions,
      yes: {
        type: 'boolean',
        short: 'y',
        summary: 'gives the consent that an environment or a task asks for',
      },
      task: taskOption,
      recorded: {
        type: 'boolean',
        summary: 'with the plan as it was recorded, also when its file has changed',
      },
      history: environmentOptions.history,
    },
    examples: ['plimsoll resume', 'plimsoll resume 20261123-101530 --task migrate=done'],
    load: async () => (await import('./resume-command.ts')).resumeCommand,
  },
  {
    name: 'rollback',
    summary: 'undoes what a run did (default: the last), or runs the recorded plan of a version again',
    positionals: '[RUN]',
    options: {
      to: {
        type: 'string',
        value: 'VERSION',
        summary: 'runs the plan of this version again, as it was recorded',
      },
      plan: { type: 'string', value: 'NAME', summary: 'of the runs of this plan' },
      env: {
        type: 'string',
        value: 'NAME',
        names: 'ENVIRONMENT',
        summary: 'of the runs in this environment',
      },
      'dry-run': { type: 'boolean', summary: 'says what would be done, and does nothing' },
      ...waitOptions,
      yes: { type: 'boolean', short: 'y', summary: 'gives the consent that an environment asks for' },
    },
    examples: ['plimsoll rollback --dry-run', 'plimsoll rollback --to 1.4.1 --env production --yes'],
    load: async () => (await import('./rollback-command.ts')).rollbackCommand,
  },
  {
    name: 'plan',
    summary: 'shows what would run, in which order, with the expected memory and time; changes nothing',
    positionals: '[PLAN]',
    options: { ...environmentOptions, ...forceOptions },
    examples: ['plimsoll plan', 'plimsoll plan shop.yaml --env staging --json'],
    load: async () => (await import('./plan-command.ts')).planCommand,
  },
  {
    name: 'runs',
    summary: 'lists the recorded runs, newest first',
    options: { limit: { type: 'string', value: 'N', summary: 'how many (default 20, at most 1000)' } },
    examples: ['plimsoll runs', 'plimsoll runs --limit 5 --json'],
    load: async () => (await import('./history-commands.ts')).runsCommand,
  },
  {
    name: 'show',
    summary: 'shows one run: its tasks, their times, waits, memory and errors',
    positionals: '[RUN]',
    options: { markdown: { type: 'boolean', summary: 'as a Markdown document' } },
    examples: ['plimsoll show', 'plimsoll show 20261123-101530 --markdown'],
    load: async () => (await import('./history-commands.ts')).showCommand,
  },
  {
    name: 'logs',
    summary: 'prints the recorded output of a run, or of one of its tasks',
    positionals: '[RUN] [TASK]',
    options: {
      follow: {
        type: 'boolean',
        short: 'f',
        summary: 'goes on while the run does, with tasks that begin later',
      },
      task: {
        type: 'string',
        multiple: true,
        value: 'TASK',
        names: 'TASK',
        summary: 'this task; may be repeated',
      },
    },
    examples: ['plimsoll logs', 'plimsoll logs last migrate', 'plimsoll logs --follow --task build'],
    load: async () => (await import('./logs-command.ts')).logsCommand,
  },
  {
    name: 'diff',
    summary: 'shows what changed between two runs: plan, versions, outcomes, times, memory',
    positionals: 'RUN [RUN]',
    options: {},
    examples: ['plimsoll diff 20261123-101530', 'plimsoll diff 20261123 20261124 --json'],
    load: async () => (await import('./diff-command.ts')).diffCommand,
  },
  {
    name: 'export',
    summary: 'writes everything that is recorded of a run as JSON',
    positionals: '[RUN]',
    options: {
      output: { type: 'string', value: 'FILE', summary: 'to this file, which only you may read' },
    },
    examples: ['plimsoll export last --output run.json', 'plimsoll export | jq .tasks'],
    load: async () => (await import('./export-command.ts')).exportCommand,
  },
  {
    name: 'diagnose',
    summary: 'names the cause of a failure in logs, in a run, or in what is piped into it',
    positionals: '[LOG...]',
    options: expertOptions,
    examples: [
      'plimsoll diagnose',
      'plimsoll diagnose build.log test.log',
      'kubectl logs web | plimsoll diagnose',
      'plimsoll diagnose last --experts claude,offline',
    ],
    load: async () => (await import('./diagnose-command.ts')).diagnoseCommand,
  },
  {
    name: 'ask',
    summary: 'asks the circle of experts, and shows their answers as they come; they only advise',
    positionals: 'QUESTION',
    options: {
      ...expertOptions,
      attach: { type: 'string', multiple: true, value: 'FILE', summary: 'is shown to them; may be repeated' },
    },
    examples: [
      'plimsoll ask "Is it safe to run this migration while the old version serves?" --attach migrate.sql',
      'plimsoll ask "What does exit code 137 mean?" --experts claude --timeout 30s',
    ],
    load: async () => (await import('./ask-command.ts')).askCommand,
  },
  {
    name: 'queries',
    summary: 'lists what the experts were asked, shows one query, finds words, removes old ones',
    positionals: 'list|show|search|prune [QUERY|WORD...]',
    options: {
      limit: { type: 'string', value: 'N', summary: 'how many (default 20, at most 200)' },
      after: { type: 'string', value: 'CURSOR', summary: 'the next page: what the page before ended with' },
      type: { type: 'string', value: 'TYPE', summary: 'list: only of this type, such as diagnosis' },
      status: { type: 'string', value: 'STATUS', summary: 'list: only of this status, such as waiting' },
      days: { type: 'string', value: 'N', summary: 'prune: what is older (default 30)' },
    },
    examples: [
      'plimsoll queries list --type diagnosis',
      'plimsoll queries show q0mi8x3k2',
      'plimsoll queries search disk full',
      'plimsoll queries prune --days 90',
    ],
    load: async () => (await import('./queries-command.ts')).queriesCommand,
  },
  {
    name: 'approve',
    summary: 'answers what a run asks: all of it, or one task',
    positionals: '[RUN] [TASK]',
    options: {
      deny: { type: 'boolean', summary: 'says no' },
      reason: { type: 'string', value: 'TEXT', summary: 'why; it is kept in the report and the audit' },
    },
    examples: [
      'plimsoll approve 20261124-101530-k3f9',
      'plimsoll approve last go-live --deny --reason "not on a Friday"',
    ],
    load: async () => (await import('./approve-command.ts')).approveCommand,
  },
  {
    name: 'unlock',
    summary: 'takes the lock of a plan and an environment away from an owner that is gone',
    positionals: '[PLAN]',
    options: {
      env: environmentOptions.env,
      force: { type: 'boolean', summary: 'also from an owner that is alive: its tasks are killed' },
      yes: { type: 'boolean', short: 'y', summary: 'does not ask' },
    },
    examples: ['plimsoll unlock --env production', 'plimsoll unlock shop.yaml --yes'],
    load: async () => (await import('./unlock-command.ts')).unlockCommand,
  },
  {
    name: 'audit',
    summary: 'lists who did what, when and from where, newest first',
    options: {
      limit: { type: 'string', value: 'N', summary: 'how many (default 20, at most 1000)' },
      before: { type: 'string', value: 'ENTRY', summary: 'only entries before this one: the next page' },
      plan: { type: 'string', value: 'NAME', summary: 'only of this plan' },
      run: { type: 'string', value: 'RUN', names: 'RUN', summary: 'only of this run' },
      user: { type: 'string', value: 'NAME', summary: 'only what this user of the system did' },
      action: { type: 'string', value: 'NAME', summary: 'only this: deploy, unlock, history-import, ...' },
      verify: { type: 'boolean', summary: 'checks that no entry was changed, removed or put in between' },
    },
    examples: ['plimsoll audit', 'plimsoll audit --plan shop --limit 100 --json', 'plimsoll audit --verify'],
    load: async () => (await import('./audit-command.ts')).auditCommand,
  },
  {
    name: 'history',
    summary: 'writes what tasks needed to a file, or takes it over from one; adds, never removes',
    positionals: 'export|import [FILE]',
    options: {},
    examples: ['plimsoll history export plimsoll-history.jsonl', 'plimsoll history import other.jsonl'],
    load: async () => (await import('./history-file-command.ts')).historyCommand,
  },
  {
    name: 'memory',
    summary: 'shows what the memory gauge sees: capacity, limits level by level, use and the load line',
    options: { watch: { type: 'boolean', summary: 'a line each second, until Ctrl-C' } },
    examples: ['plimsoll memory', 'plimsoll memory --watch', 'plimsoll memory --json'],
    load: async () => (await import('./memory-command.ts')).memoryCommand,
  },
  {
    name: 'metrics',
    summary: 'asks, writes, reads, deletes and serves the recorded metrics',
    positionals: 'names|query|latest|summary|export|import|prune|serve [NAME]',
    options: metricsOptions,
    examples: [
      'plimsoll metrics query plimsoll_task_duration_seconds --by task --from 24h',
      'plimsoll metrics export --from 2026-11-01 --format csv --output november.csv',
      'plimsoll metrics import samples.jsonl',
      'plimsoll metrics prune --retention-days 30',
      'plimsoll metrics prune --retention-days 365 --downsample 7d:5m',
      'plimsoll metrics serve --port 9187',
    ],
    load: async () => (await import('./metrics-command.ts')).metricsCommand,
  },
  {
    name: 'init',
    summary: 'writes a starter plan and the schema that editors use; never overwrites',
    positionals: '[FILE]',
    options: {},
    examples: ['plimsoll init', 'plimsoll init deploy/shop.yaml'],
    load: async () => (await import('./init-command.ts')).initCommand,
  },
  {
    name: 'schema',
    summary: 'prints the JSON Schema of the plan file',
    options: {},
    examples: ['plimsoll schema > plimsoll.schema.json'],
    load: async () => (await import('./init-command.ts')).schemaCommand,
  },
  {
    name: 'doctor',
    summary: 'checks that this machine has what plimsoll needs',
    options: {},
    examples: ['plimsoll doctor'],
    load: async () => (await import('./doctor-command.ts')).doctorCommand,
  },
  {
    name: 'completion',
    summary: 'prints the completion script of a shell',
    positionals: 'bash|zsh|fish',
    options: {},
    examples: ['source <(plimsoll completion bash)', 'plimsoll completion fish | source'],
    load: async () => (await import('./completion.ts')).completionCommand,
  },
]
