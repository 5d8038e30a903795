/** What people write. Substitution has already happened; places where holes stay are still text. */
import * as z from 'zod/mini'
import { circleSchema } from './circle.ts'
import { budget, flag, keys, line, maybe, named, size, variables, whole } from './leaf.ts'
import { notifySchema } from './notify.ts'
import { sectionKeys } from './option-keys.ts'
import { secretsSchema } from './secret-sources.ts'
import { defaultsSchema, hookSchema, taskSchema } from './task-schema.ts'

const vars = variables(
  'A text, a number, true or false',
  'Values for ${NAME}; also in the environment of every task',
)

const memoryOfRun = keys(
  {
    budget: maybe(budget('The load line: 85% of the memory, or an absolute size such as 2GiB')),
    perTask: maybe(size('Limit of a task that declares none. Default 1GiB')),
  },
  { description: 'Memory of the run' },
)

const limitKeys = {
  defaults: maybe(defaultsSchema),
  concurrency: maybe(whole(1, 1_000, 'Tasks that may run at once. Default 10')),
  memory: maybe(memoryOfRun),
  ...sectionKeys,
}

const planName = line('a name', 'The name of the plan')

/** A name and tasks must be given: `read.ts` says so, because without them the rest is looked at all the same. */
export const headSchema = keys({
  name: maybe(planName),
  version: maybe(line('a version', 'What is deployed. Default dev; --version wins')),
  vars: maybe(vars),
  secrets: maybe(secretsSchema),
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
  notify: maybe(notifySchema),
  /** Looked at apart from the rest: a key that was written down must not be shown. */
  circle: maybe(z.unknown()),
  /** Each task is checked on its own: one that is wrong does not hide the others. */
  tasks: maybe(z.unknown()),
  before: maybe(z.unknown()),
  onFailure: maybe(z.unknown()),
  after: maybe(z.unknown()),
})

export type HeadWritten = z.output<typeof headSchema>

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
