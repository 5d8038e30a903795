import assert from 'node:assert/strict'
import { availableParallelism } from 'node:os'
import { test } from 'node:test'
import { optionVariables, planSchema } from '../../src/plan/plan.ts'
import { linesOf, parse, planText } from './parsing.ts'

const task = 'a: { run: x }'

test('every option has its documented default', () => {
  assert.deepEqual(parse(planText(task)).options, {
    executor: {
      maxConcurrentTasks: 10,
      memoryLimitMb: 1024,
      maxWorkersThread: 10,
      maxWorkersProcess: availableParallelism(),
      enableProgress: true,
      memoryPressureThreshold: 0.85,
      memoryBudgetBytes: null,
    },
    retry: { maxAttempts: 3, memoryLimitMb: 100, cleanupBetweenRetries: true, maxPayloadSizeMb: 50 },
    queries: { queryTtlHours: 24, maxCachedQueries: 1000 },
    experts: { maxConcurrentQueries: 5, memoryBudgetMb: 512, enableStreaming: true },
    metrics: { chunkSize: 100 },
  })
})

test('the narrower place wins: plan, its environment, the variable, the command line', () => {
  const text = planText(task, 'concurrency: 2\nenvironments: { e: { executor: { maxConcurrentTasks: 3 } } }')
  const slots = (options: Parameters<typeof parse>[1]): number =>
    parse(text, options).options.executor.maxConcurrentTasks
  const variables = { PLIMSOLL_MAX_CONCURRENT_TASKS: '4' }
  assert.equal(slots({}), 2)
  assert.equal(slots({ environment: 'e' }), 3)
  assert.equal(slots({ environment: 'e', variables }), 4)
  assert.equal(slots({ environment: 'e', variables, concurrency: 5 }), 5)
  assert.equal(slots({ variables: { PLIMSOLL_MAX_CONCURRENT_TASKS: '' } }), 2)
})

test('a budget is a share or a size, and a share in a narrower place replaces a size', () => {
  const budget = (head: string, options: Parameters<typeof parse>[1] = {}): readonly unknown[] => {
    const { memoryPressureThreshold, memoryBudgetBytes } = parse(planText(task, head), options).options
      .executor
    return [memoryPressureThreshold, memoryBudgetBytes]
  }
  assert.deepEqual(budget('memory: { budget: 70% }'), [0.7, null])
  assert.deepEqual(budget('memory: { budget: 2GiB }'), [0.85, 2 ** 31])
  assert.deepEqual(budget('memory: { budget: 2GiB }', { memoryBudget: '50%' }), [0.5, null])
  assert.deepEqual(budget('memory: { budget: 50% }', { memoryBudget: '1GiB' }), [0.5, 2 ** 30])
  assert.deepEqual(budget('executor: { memoryPressureThreshold: 60% }'), [0.6, null])
  assert.deepEqual(budget('executor: { memoryPressureThreshold: 0.6 }'), [0.6, null])
})

test('memory per task is the default limit of every task', () => {
  const plan = parse(planText(task, 'memory: { perTask: 100MB }'))
  assert.equal(plan.tasks[0]?.limitBytes, 100_000_000)
})

test('every option can be set in the plan and by a variable of its own', () => {
  assert.equal(new Set(optionVariables.map(({ variable }) => variable)).size, optionVariables.length)
  assert.ok(optionVariables.some(({ variable }) => variable === 'PLIMSOLL_RETRY_MEMORY_LIMIT_MB'))
  assert.ok(optionVariables.some(({ variable }) => variable === 'PLIMSOLL_MEMORY_LIMIT_MB'))
  for (const { variable, section, option } of optionVariables) {
    const text = /^(enable|cleanup)/.test(option) ? 'false' : option.endsWith('Threshold') ? '0.5' : '7'
    const expected: unknown = JSON.parse(text)
    const found = (options: object): unknown =>
      (options as Record<string, Record<string, unknown>>)[section]?.[option]
    assert.equal(
      found(parse(planText(task), { variables: { [variable]: text } }).options),
      expected,
      variable,
    )
    assert.equal(found(parse(planText(task, `${section}: { ${option}: ${text} }`)).options), expected, option)
  }
})

test('values out of range are refused where they were written', () => {
  assert.match(
    linesOf(planText(task, 'executor: { maxConcurrentTasks: 0 }')).join(),
    /^2:33 .*from 1 to 1000$/,
  )
  assert.match(
    linesOf(planText(task, 'executor: { memoryPressureThreshold: 1.5 }')).join(),
    /a share above 0/,
  )
  const variables = { PLIMSOLL_CHUNK_SIZE: 'many', PLIMSOLL_ENABLE_PROGRESS: 'yes' }
  assert.throws(() => parse(planText(task), { variables }), {
    code: 'OPTION_INVALID',
    message: /PLIMSOLL_ENABLE_PROGRESS is "yes", expected true or false; PLIMSOLL_CHUNK_SIZE is "many"/,
  })
  assert.throws(() => parse(planText(task), { concurrency: 0 }), {
    code: 'USAGE',
    message: /--concurrency is "0"/,
  })
  assert.throws(() => parse(planText(task), { memoryBudget: '-1' }), {
    code: 'USAGE',
    message: /--memory is "-1"/,
  })
  assert.throws(() => parse(planText(task), { vars: { 'A=B': 'x' } }), { code: 'USAGE', message: /--var/ })
})

test('the schema tells an editor every key with a description, and refuses others', () => {
  const schema = planSchema() as Record<string, unknown>
  type Node = { properties?: Record<string, Node>; description?: string; additionalProperties?: unknown }
  const { properties = {}, additionalProperties } = schema as Node
  assert.equal(additionalProperties, false)
  const taskNode = properties.tasks?.additionalProperties as Node
  for (const [key, node] of Object.entries({ ...properties, ...taskNode.properties })) {
    assert.ok(node.description, `${key} has no description`)
  }
  assert.deepEqual(schema.required, ['name', 'tasks'])
  assert.match(JSON.stringify(schema), /unchanged since its last success, it is skipped/)
})
