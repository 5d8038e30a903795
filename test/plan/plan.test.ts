import assert from 'node:assert/strict'
import { test } from 'node:test'
import { selectTasks } from '../../src/plan/plan.ts'
import { parse, planText, taskOf } from './parsing.ts'

const seconds = 1_000
const mebibyte = 2 ** 20

test('a task that says only what to run gets the documented defaults', () => {
  const task = taskOf('build:\n  run: npm run build', 'build')
  assert.deepEqual(task.work, { kind: 'run', script: 'npm run build', detach: false })
  assert.equal(task.dir, '/srv/shop')
  assert.equal(task.limitBytes, 1024 * mebibyte)
  assert.equal(task.expectBytes, null)
  assert.equal(task.timeoutMs, 600 * seconds)
  assert.deepEqual(task.retry, {
    maxAttempts: 1,
    strategy: 'exponential',
    minDelayMs: 1_000,
    maxDelayMs: 30_000,
  })
  assert.equal(task.undo, null)
  assert.equal(task.when, null)
})

test('a plan without a version is version "dev", and --version wins over the file', () => {
  const text = planText('a: { run: x }')
  assert.equal(parse(text).version, 'dev')
  assert.equal(parse(planText('a: { run: x }', 'version: ${UNSET}'), { version: '2' }).version, '2')
})

test('numbers and booleans in places for text stay as they were written', () => {
  const plan = parse(
    planText(
      'a: { exec: [sleep, 1.10] }',
      'version: 1.10\nvars: { A: 0123, B: true, C: 12345678901234567890 }',
    ),
  )
  assert.equal(plan.version, '1.10')
  assert.deepEqual({ ...plan.vars }, { A: '0123', B: 'true', C: '12345678901234567890' })
  const [task] = plan.tasks
  assert.deepEqual(task?.work, { kind: 'exec', words: [['sleep'], ['1.10']], detach: false })
})

test('the argument of a function keeps the types of JSON, below an undo as well', () => {
  const task = taskOf(
    'a:\n  call: ./lib/a.ts#go\n  with: { level: 9, deep: [true, null, "${X:-text}"] }\n  undo: { call: ./a.ts#back, with: 1.5 }',
    'a',
  )
  assert.ok(task.work.kind === 'call' && task.undo?.kind === 'call')
  assert.equal(task.work.module, '/srv/shop/lib/a.ts')
  assert.equal(task.work.exportName, 'go')
  assert.deepEqual(task.undo.argument, { plain: 1.5 })
  assert.ok('map' in task.work.argument)
  assert.deepEqual(
    { ...task.work.argument.map },
    {
      level: { plain: 9 },
      deep: { list: [{ plain: true }, { plain: null }, { text: ['text'] }] },
    },
  )
})

test('a function runs in a process when memory is declared, else in a thread, unless "in" says where', () => {
  const placeOf = (task: string): unknown => {
    const { work } = taskOf(task, 'a')
    return work.kind === 'call' ? work.place : undefined
  }
  assert.equal(placeOf('a: { call: "./a.ts#go" }'), 'thread')
  assert.equal(placeOf('a: { call: "./a.ts#go", memory: 1MiB }'), 'process')
  assert.equal(placeOf('a: { call: "./a.ts#go", memory: 1MiB, in: inline }'), 'inline')
})

test('a size is limit and expectation, a map says each, an expectation alone raises the default limit', () => {
  const memoryOf = (memory: string): readonly unknown[] => {
    const { limitBytes, expectBytes } = taskOf(`a: { run: x, memory: ${memory} }`, 'a')
    return [limitBytes / mebibyte, expectBytes === null ? null : expectBytes / mebibyte]
  }
  assert.deepEqual(memoryOf('800MiB'), [800, 800])
  assert.deepEqual(memoryOf('{ limit: 800MiB, expect: 300MiB }'), [800, 300])
  assert.deepEqual(memoryOf('{ limit: 800MiB }'), [800, null])
  assert.deepEqual(memoryOf('{ expect: 300MiB }'), [1024, 300])
  assert.deepEqual(memoryOf('{ expect: 2GiB }'), [2048, 2048])
})

test('what belongs to processes may stand beside http where the undo starts one', () => {
  const task = taskOf('a: { http: "http://a", undo: { run: x }, dir: d, env: { A: b }, memory: 1MiB }', 'a')
  assert.equal(task.limitBytes, mebibyte)
})

test('a task that declares memory says so, also where its limit is that of all', () => {
  const declares = (memory: string) => taskOf(`a: { run: x${memory} }`, 'a').declaresMemory
  assert.equal(declares(', memory: 1GiB'), true)
  assert.equal(declares(', memory: { limit: 1GiB }'), true)
  assert.equal(declares(', memory: { expect: 1MiB }'), true)
  assert.equal(declares(''), undefined)
})

test('a retry says how waits grow and how they are spread', () => {
  const rule = { maxAttempts: 3, minDelayMs: 1_000, maxDelayMs: 30_000 }
  const retryOf = (retry: string): unknown => taskOf(`a: { run: x, retry: ${retry} }`, 'a').retry
  assert.deepEqual(retryOf('{ backoff: linear, jitter: equal }'), {
    ...rule,
    strategy: 'linear',
    jitter: 'equal',
  })
  assert.deepEqual(retryOf('{ backoff: decorrelated }'), { ...rule, strategy: 'decorrelated' })
  assert.deepEqual(retryOf('{ jitter: none }'), { ...rule, strategy: 'exponential' })
  assert.throws(
    () => retryOf('{ backoff: randomExponential, jitter: full }'),
    /retry\.jitter: found beside "backoff: randomExponential", which has a jitter of its own/,
  )
})

test('a retry is a number or a map, and an empty map means three attempts', () => {
  const retryOf = (retry: string): unknown => taskOf(`a: { run: x, retry: ${retry} }`, 'a').retry
  assert.deepEqual(retryOf('5'), {
    maxAttempts: 5,
    strategy: 'exponential',
    minDelayMs: 1_000,
    maxDelayMs: 30_000,
  })
  assert.deepEqual(retryOf('{}'), {
    maxAttempts: 3,
    strategy: 'exponential',
    minDelayMs: 1_000,
    maxDelayMs: 30_000,
  })
  assert.deepEqual(retryOf('{ delay: 1m, backoff: fixed }'), {
    maxAttempts: 3,
    strategy: 'fixed',
    minDelayMs: 60_000,
    maxDelayMs: 60_000,
  })
})

test('a task has what the defaults say unless it says otherwise', () => {
  const head = 'defaults: { timeout: 5s, retry: 4, memory: 10MiB, env: { A: "1", B: "1" } }'
  const task = taskOf('a: { run: x, timeout: 9s, env: { B: "2" } }', 'a', { head })
  assert.equal(task.timeoutMs, 9 * seconds)
  assert.equal(task.retry.maxAttempts, 4)
  assert.equal(task.limitBytes, 10 * mebibyte)
  assert.deepEqual({ ...task.env }, { A: ['1'], B: ['2'] })
})

test('an http task has its defaults, and every status of a list is allowed', () => {
  const { work } = taskOf(
    'a: { http: "http://localhost/up", expect: { status: [200, 204], body: ok }, within: 30s }',
    'a',
  )
  assert.ok(work.kind === 'http')
  assert.deepEqual(
    { ...work, headers: {} },
    {
      kind: 'http',
      url: ['http://localhost/up'],
      method: 'GET',
      headers: {},
      body: null,
      expect: { status: [200, 204], body: 'ok' },
      withinMs: 30_000,
      everyMs: 1_000,
    },
  )
})

test('an undo has its own work and time limit, or stops the service of a detached task', () => {
  const tasks =
    'up: { run: serve, detach: true, undo: stop }\nmove: { run: mv, undo: { run: mv back, timeout: 3s } }'
  const up = taskOf(tasks, 'up')
  assert.deepEqual(up.undo, { kind: 'stop' })
  assert.deepEqual(up.work, { kind: 'run', script: 'serve', detach: true })
  const move = taskOf(tasks, 'move')
  assert.deepEqual(move.undo, { kind: 'run', script: 'mv back', detach: false })
  assert.equal(move.undoTimeoutMs, 3 * seconds)
  assert.equal(up.undoTimeoutMs, undefined)
})

test('the script of "run" reaches the shell as written, whatever it contains', () => {
  const task = taskOf(`a:\n  run: 'echo "\${NOT_A_VARIABLE:?}" $(date) $\${x} \${'`, 'a')
  assert.deepEqual(task.work, {
    kind: 'run',
    script: 'echo "${NOT_A_VARIABLE:?}" $(date) $${x} ${',
    detach: false,
  })
})

test('names with spaces, quotes, commands, newlines and unicode are data', () => {
  const names = [
    'a b',
    `it's "so"`,
    '$(touch /tmp/x)',
    '`id`',
    'line\nbreak',
    'Größe 🚢',
    '../../etc',
    '; rm -rf /',
    '${HOME}',
  ]
  const tasks = names.map((name, index) => {
    const needs = index === 0 ? '' : `needs: [${JSON.stringify(names[index - 1])}], `
    return `${JSON.stringify(name)}: { ${needs}run: x }`
  })
  const plan = parse(planText(tasks.join('\n')))
  assert.deepEqual(
    plan.tasks.map(({ name }) => name),
    names,
  )
  assert.deepEqual(plan.tasks[4]?.needs, ['`id`'])
})

test('names that objects are born with are ordinary names', () => {
  const text = planText(
    'constructor: { run: x }\ntoString: { run: x, needs: constructor, env: { constructor: "${hasOwnProperty}" } }',
    'vars: { hasOwnProperty: mine, valueOf: "2" }\nenvironments: { toString: { vars: { constructor: "3" } } }',
  )
  const plan = parse(text, { environment: 'toString' })
  assert.deepEqual({ ...plan.vars }, { hasOwnProperty: 'mine', valueOf: '2', constructor: '3' })
  assert.deepEqual({ ...plan.tasks[1]?.env }, { constructor: ['mine'] })
  assert.equal(Object.getPrototypeOf(plan.vars), null)
})

test('keys that begin with x- are a home for anchors; aliases and merge keys bring them in', () => {
  const text = `
name: shop
x-usual: &usual { timeout: 5s, retry: 2, whatever-this-is: [] }
x-task: &task { timeout: 7s, retry: 2 }
tasks:
  a: { <<: *task, run: x }
  b: { <<: [*task, { dir: app }], run: x, timeout: 9s }
`
  const plan = parse(text)
  assert.deepEqual(
    plan.tasks.map(({ timeoutMs, retry, dir }) => [timeoutMs, retry.maxAttempts, dir]),
    [
      [7_000, 2, '/srv/shop'],
      [9_000, 2, '/srv/shop/app'],
    ],
  )
})

test('an environment wins over the plan, and one that was not chosen may name variables that are not set', () => {
  const head = `
vars: { PORT: "1", ONLY_PLAN: "p" }`
  const environments = `
environments:
  staging: { vars: { PORT: "8081" }, concurrency: 2 }
  production: { vars: { PORT: "\${PRODUCTION_PORT}" }, approve: true, concurrency: "\${PRODUCTION_SLOTS}" }`
  const text = planText('a: { run: x }', head + environments)
  const plan = parse(text, { environment: 'staging' })
  assert.deepEqual({ ...plan.vars }, { PORT: '8081', ONLY_PLAN: 'p' })
  assert.equal(plan.options.executor.maxConcurrentTasks, 2)
  assert.equal(plan.approve, false)
  assert.equal(plan.environment, 'staging')
  const production = parse(text, {
    environment: 'production',
    variables: { PRODUCTION_PORT: '80', PRODUCTION_SLOTS: '7' },
  })
  assert.equal(production.approve, true)
  assert.equal(production.vars.PORT, '80')
  assert.equal(production.options.executor.maxConcurrentTasks, 7)
  assert.equal(parse(text).environment, null)
})

test('an environment overrides defaults: the rest of the plan keeps its own, and the task has the last word', () => {
  const head = `
defaults: { timeout: 5s, retry: { attempts: 4, delay: 9s }, memory: 10MiB, env: { A: plan, B: plan, C: plan } }
environments:
  live: { defaults: { timeout: 7s, retry: 2, env: { B: "\${version}", C: live } } }
  test: { defaults: { memory: { expect: 2GiB } } }`
  const text = 'a: { run: x, env: { C: task } }\nb: { run: x, timeout: 1s, retry: 1, memory: 1MiB }'
  const seen = (environment?: string): unknown =>
    ['a', 'b'].map((name) => {
      const { timeoutMs, retry, limitBytes, env } = taskOf(text, name, {
        head,
        version: '3',
        ...(environment !== undefined && { environment }),
      })
      const values = Object.entries(env).map(([key, value]) => `${key}=${value.join('')}`)
      return [
        timeoutMs,
        retry.maxAttempts,
        retry.minDelayMs,
        limitBytes / mebibyte,
        values.toSorted().join(' '),
      ]
    })
  assert.deepEqual(seen(), [
    [5_000, 4, 9_000, 10, 'A=plan B=plan C=task'],
    [1_000, 1, 1_000, 1, 'A=plan B=plan C=plan'],
  ])
  assert.deepEqual(seen('live'), [
    [7_000, 2, 1_000, 10, 'A=plan B=3 C=task'],
    [1_000, 1, 1_000, 1, 'A=plan B=3 C=live'],
  ])
  assert.deepEqual(seen('test'), [
    [5_000, 4, 9_000, 2048, 'A=plan B=plan C=task'],
    [1_000, 1, 1_000, 1, 'A=plan B=plan C=plan'],
  ])
})

test('defaults of an environment that was not chosen may name variables and secrets that only it has', () => {
  const head = `
secrets: [KEY]
environments:
  live: { vars: { X: "1" }, defaults: { timeout: "\${X}s", env: { A: "\${X}", KEY: "\${secrets.KEY}" } } }`
  const task = taskOf('a: { run: x }', 'a', { head, environment: 'live' })
  assert.deepEqual([task.timeoutMs, task.secrets], [1_000, ['KEY']])
  assert.deepEqual(taskOf('a: { run: x }', 'a', { head }).secrets, [])
})

test('the digest is of the text: the same for the same text, another after one letter', () => {
  const text = planText('a: { run: x }')
  assert.match(parse(text).digest, /^[0-9a-f]{64}$/)
  assert.equal(parse(text).digest, parse(text).digest)
  assert.notEqual(parse(text).digest, parse(text.replace('run: x', 'run: y')).digest)
})

test('selected tasks bring everything that they need, in the order of the file', () => {
  const plan = parse(
    planText('d: { run: x }\nc: { run: x, needs: [b] }\nb: { run: x, needs: [a] }\na: { run: x }'),
  )
  assert.deepEqual(
    selectTasks(plan, ['c']).tasks.map(({ name }) => name),
    ['c', 'b', 'a'],
  )
  assert.throws(() => selectTasks(plan, ['cc']), {
    code: 'USAGE',
    message: /"cc" is not a task.*did you mean "c"\?/,
  })
})
