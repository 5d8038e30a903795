/** What people write of a task, of a task beside the deployment, and of all tasks that do not say otherwise. */
import type * as z from 'zod/mini'
import {
  duration,
  either,
  filledText,
  flag,
  glob,
  keys,
  list,
  maybe,
  name,
  size,
  variables,
  whole,
  word,
} from './leaf.ts'
import { oneWork, undoSchema, workKeys } from './work-schema.ts'

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

const env = (description: string) => variables('May contain ${...}', description)
const globs = (description: string) =>
  list(glob(`A glob, relative to the plan file; "!" first leaves out`), description)
const timeout = (description: string) => maybe(duration(1, description))

const onResume = (description: string) => maybe(word(['adopt', 'restart', 'ask'], description))
const idempotent = (description: string) => maybe(flag(description))

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

export const defaultsSchema = keys(
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

export type DefaultsWritten = z.output<typeof defaultsSchema>
export type TaskWritten = z.output<typeof taskSchema>
export type MemoryWritten = NonNullable<TaskWritten['memory']>
export type RetryWritten = NonNullable<TaskWritten['retry']>
