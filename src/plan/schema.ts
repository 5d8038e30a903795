import * as z from 'zod/mini'
import { circleSchema } from './circle.ts'
import {
  budget,
  duration,
  either,
  filledText,
  flag,
  glob,
  keys,
  list,
  maybe,
  name,
  named,
  size,
  text,
  whole,
  word,
} from './leaf.ts'
import { sectionKeys } from './option-keys.ts'
import { variablePattern } from './variable-names.ts'

/** What people write. Substitution has already happened; places where holes stay are still text. */

const memory = (description: string) =>
  either(
    'a size such as 512MiB, or a map with limit, expect',
    [
      size('Limit and first estimate'),
      keys({
        limit: maybe(size('The task may not use more. It is never what is reserved')),
        expect: maybe(size('What the task is expected to use: reserved for it until more is known')),
      }),
    ],
    description,
  )

const attempts = (description: string) => whole(1, 1_000, description)

const retry = (description: string) =>
  either(
    'a whole number from 1 to 1000, or a map with attempts, delay, maxDelay, backoff, jitter',
    [
      attempts('Attempts in all'),
      keys({
        attempts: maybe(attempts('Attempts in all, the first one counted. Default 3')),
        delay: maybe(duration(0, 'The first wait. Default 1s')),
        maxDelay: maybe(duration(0, 'No wait is longer. Default 30s')),
        backoff: maybe(
          word(
            ['exponential', 'linear', 'fixed', 'randomExponential', 'decorrelated'],
            'How waits grow. Default exponential',
          ),
        ),
        jitter: maybe(word(['none', 'full', 'equal', 'decorrelated'], 'How waits are spread. Default none')),
      }),
    ],
    description,
  )

const variables = (value: string, description: string) =>
  named(text(value), description, { propertyNames: { pattern: variablePattern } })

const vars = variables(
  'A text, a number, true or false',
  'Values for ${NAME}; also in the environment of every task',
)
const env = (description: string) => variables('May contain ${...}', description)
const globs = (description: string) =>
  list(glob(`A glob, relative to the plan file; "!" first leaves out`), description)
const timeout = (description: string) => maybe(duration(1, description))

const onResume = (description: string) => maybe(word(['adopt', 'restart', 'ask'], description))
const idempotent = (description: string) => maybe(flag(description))

const workKeys = {
  run: maybe(filledText('A shell command line; reaches the shell as written')),
  exec: maybe(
    list(
      text('One word'),
      'A program and its arguments; no shell',
      'a list of words such as [node, server.js]; a line for the shell is written "run"',
    ).check(z.minLength(1, { error: 'at least one word' })),
  ),
  call: maybe(filledText('A function: ./module.ts#exportedFunction, relative to the plan file')),
  http: maybe(filledText('A URL that must answer as "expect" says')),
  with: maybe(
    z.unknown().register(z.globalRegistry, { description: 'The argument of the function: any value' }),
  ),
  in: maybe(
    word(
      ['thread', 'process', 'inline'],
      'Where the function runs. Default process with "memory", else thread',
    ),
  ),
  method: maybe(
    word(
      ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
      'The method of the request. Default GET',
    ),
  ),
  headers: maybe(named(text('May contain ${...}'), 'The headers of the request')),
  body: maybe(text('The body of the request')),
  expect: maybe(
    keys(
      {
        status: maybe(
          either(
            'a status from 100 to 599, or a list of them',
            [whole(100, 599, 'A status'), list(whole(100, 599, 'A status'), 'Any of these')],
            'The status of the answer. Default 200',
          ),
        ),
        body: maybe(text('Text that the body of the answer must contain')),
      },
      { description: 'What the answer must be' },
    ),
  ),
  within: maybe(duration(0, 'How long the probe may take to succeed. Default 0: it asks once')),
  every: maybe(duration(1, 'The wait between two requests. Default 1s')),
}

const oneWork = [
  { required: ['run'] },
  { required: ['exec'] },
  { required: ['call'] },
  { required: ['http'] },
]

const undoSchema = keys(
  { ...workKeys, timeout: timeout('Time limit of the undo. Default: that of the task') },
  { description: 'Work that takes back what the task did', oneOf: oneWork },
)

const commonKeys = {
  needs: maybe(
    either(
      'a task name, or a list of task names',
      [name('A task'), list(name('A task'), 'Tasks')],
      'Tasks that must have succeeded before',
    ),
  ),
  ...workKeys,
  dir: maybe(
    filledText('Directory that commands start in, relative to the plan file. Default: that of the plan file'),
  ),
  memory: maybe(memory('What the task may use, and is expected to use')),
  timeout: timeout('Time limit of one attempt. Default 10m'),
  retry: maybe(retry('Attempts when the task fails. Default: one attempt')),
  when: maybe(
    filledText('A condition, such as: environment == "production" && tasks.build.status == "succeeded"'),
  ),
  env: maybe(env('Environment variables of the task')),
}

export const taskSchema = keys(
  {
    ...commonKeys,
    undo: maybe(
      either(
        'a map with one of run, exec, call, http, or the word stop',
        [word(['stop'], 'Stops the service'), undoSchema],
        'How to undo',
      ),
    ),
    approve: maybe(
      flag('Waits for a person: plimsoll approve RUN TASK, an answer in the terminal, or --yes'),
    ),
    detach: maybe(flag('Starts a service that outlives the run. Only for run and exec')),
    onResume: onResume(
      'What to do with the task when it still runs after the engine was killed: wait for it, start it again, or ask. Default adopt',
    ),
    idempotent: idempotent(
      'It may be attempted again when nobody knows how it ended. Default true for http and with inputs, else false',
    ),
    inputs: maybe(globs('What the task depends on: unchanged since its last success, it is skipped')),
    outputs: maybe(globs('What the task makes: it is skipped only while this is there as it was')),
  },
  { description: 'A task: exactly one of run, exec, call, http', oneOf: oneWork },
)

/** It is no part of what is deployed: there is nothing to undo, to skip or to leave running. */
export const hookSchema = keys(commonKeys, {
  description: 'A task beside the deployment: exactly one of run, exec, call, http',
  oneOf: oneWork,
})

const memoryOfRun = keys(
  {
    budget: maybe(budget('The load line: 85% of the memory, or an absolute size such as 2GiB')),
    perTask: maybe(size('Limit of a task that declares none. Default 1GiB')),
  },
  { description: 'Memory of the run' },
)

const defaults = keys(
  {
    timeout: timeout('For tasks that have none. Default 10m'),
    retry: maybe(retry('For tasks that have none')),
    memory: maybe(memory('For tasks that have none')),
    env: maybe(env('For every task; its own env wins')),
    onResume: onResume('For tasks that have none. Default adopt'),
    idempotent: idempotent('For tasks that do not say'),
  },
  { description: 'What tasks have that do not say otherwise' },
)

const limitKeys = {
  defaults: maybe(defaults),
  concurrency: maybe(whole(1, 1_000, 'Tasks that may run at once. Default 10')),
  memory: maybe(memoryOfRun),
  ...sectionKeys,
}

const secretSource = either(
  'a map with one of env, file, command',
  [
    keys({ file: filledText('A file that holds the secret, relative to the plan file') }),
    keys({ env: filledText('The environment variable that holds the secret') }),
    keys({
      command: list(
        filledText('One word'),
        'A program and its arguments that prints the secret; no shell',
        'a list of words such as [vault, read, -field=token, kv/shop]',
      ).check(z.minLength(1, { error: 'at least one word' })),
      timeout: timeout('How long the command may take. Default 30s'),
    }),
  ],
  'Where the value comes from',
)

export const runStatuses = ['succeeded', 'failed', 'rolled-back', 'interrupted'] as const
const runStatus = word(runStatuses, 'A way in which a run ends')

const notification = keys(
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

const planName = name('The name of the plan')

/** A name and tasks must be given: `read.ts` says so, because without them the rest is looked at all the same. */
export const headSchema = keys({
  name: maybe(planName),
  version: maybe(filledText('What is deployed. Default dev; --version wins')),
  vars: maybe(vars),
  secrets: maybe(
    either(
      'a list of names, or a map from names to { file: ... }, { env: ... } or { command: [...] }',
      [
        list(name('An environment variable'), 'From the environment'),
        named(secretSource, 'From variables, files or commands'),
      ],
      'Secrets: they reach only the tasks that name them, and are masked everywhere',
    ),
  ),
  environments: maybe(
    named(
      keys({
        vars: maybe(vars),
        approve: maybe(flag('Asks for consent before anything starts. Default false')),
        ...limitKeys,
      }),
      'Chosen with --env; what an environment says wins over the top level',
    ),
  ),
  ...limitKeys,
  notify: maybe(named(notification, 'Who is told how a run ended')),
  /** Looked at apart from the rest: a key that was written down must not be shown. */
  circle: maybe(z.unknown()),
  /** Each task is checked on its own: one that is wrong does not hide the others. */
  tasks: maybe(z.unknown()),
  before: maybe(z.unknown()),
  onFailure: maybe(z.unknown()),
  after: maybe(z.unknown()),
})

export type HeadWritten = z.output<typeof headSchema>
export type SecretWritten = z.output<typeof secretSource>
export type NotifyWritten = NonNullable<HeadWritten['notify']>
export type DefaultsWritten = z.output<typeof defaults>
export type TaskWritten = z.output<typeof taskSchema>
export type UndoWritten = z.output<typeof undoSchema>
export type WorkWritten = Omit<UndoWritten, 'timeout'>
export type MemoryWritten = NonNullable<TaskWritten['memory']>
export type RetryWritten = NonNullable<TaskWritten['retry']>

/** The JSON Schema of a plan file, for editors. Built when asked for. */
export function planSchema(): object {
  const plan = z.strictObject({
    ...headSchema.shape,
    name: planName,
    circle: maybe(circleSchema),
    tasks: named(taskSchema, 'The tasks, by name'),
    before: maybe(named(hookSchema, 'Run before all tasks; when one fails, no task starts')),
    onFailure: maybe(named(hookSchema, 'Run after a failure, when what had succeeded has been undone')),
    after: maybe(named(hookSchema, 'Run at the end, however the run ended, unless it was interrupted')),
  })
  return {
    ...z.toJSONSchema(plan, { io: 'input' }),
    title: 'Plan of a Plimsoll deployment',
    patternProperties: { '^x-': { description: 'Ignored: a home for YAML anchors' } },
  }
}
