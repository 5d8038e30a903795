import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { PlanInvalidError, readPlan } from '../../src/plan/plan.ts'
import { linesOf, parse, planText, problemsOf } from './parsing.ts'

test('every problem is told at once, each with its place, what was found, what is allowed, and the nearest name', () => {
  const text = `name: shop
concurency: 3
memory: { perTask: -1 }
tasks:
  a:
    run: x
    timeout: 10 minutes
  b:
    needs: [built]
    run: x
    retry: { atempts: 3 }
  build:
    run: x
    exec: [y]
`
  assert.deepEqual(linesOf(text), [
    '2:1 concurency: unknown key, expected one of name, version, vars, secrets, environments, defaults, concurrency, memory, executor, retry, queries, experts, metrics, notify, circle, tasks, before, onFailure, after; did you mean "concurrency"?',
    '3:20 memory.perTask: found "-1", expected a size above 0 such as 512MiB, 1.5GB or 800KiB',
    '7:14 tasks.a.timeout: found "10 minutes", expected a duration such as 500ms, 30s, 10m, 2h or 1h30m, above 0',
    '9:13 tasks.b.needs[0]: found "built", which is not a task of this plan; did you mean "build"?',
    '11:14 tasks.b.retry.atempts: unknown key, expected one of attempts, delay, maxDelay, backoff, jitter; did you mean "attempts"?',
    '12:3 tasks.build: found run and exec, expected exactly one of run, exec, call, http',
  ])
})

test('the message of the error lists every problem as file:line:column', () => {
  assert.throws(() => parse('name: shop\ntasks: { a: { run: x, needs: b } }'), {
    name: 'PlimsollError',
    code: 'PLAN_INVALID',
    message:
      /^\/srv\/shop\/plimsoll\.yaml has a problem:\n {2}\/srv\/shop\/plimsoll\.yaml:2:\d+ tasks\.a\.needs/,
  })
})

test('a cycle is shown as its path', () => {
  const [line] = linesOf(
    planText('a: { run: x, needs: [b] }\nb: { run: x, needs: [c] }\nc: { run: x, needs: [a] }'),
  )
  assert.equal(line, '4:16 tasks.a.needs: tasks that wait for each other: a -> b -> c -> a')
  const [self] = linesOf(planText('a: { run: x, needs: a }'))
  assert.match(self ?? '', /a -> a$/)
})

test('a cycle of thousands of tasks is told of without its whole length', () => {
  const tasks = Array.from(
    { length: 5_000 },
    (_, index) => `t${index}: { run: x, needs: t${(index + 1) % 5_000} }`,
  )
  const [line = ''] = linesOf(planText(tasks.join('\n')))
  assert.match(line, /t0 -> t1 .*\(4981 more\).* -> t0$/)
  assert.ok(line.length < 400)
})

test('more than a hundred problems are counted, not listed', () => {
  const tasks = Array.from({ length: 250 }, (_, index) => `t${index}: { run: x, oops: 1 }`).join('\n')
  assert.equal(problemsOf(planText(tasks)).length, 100)
  assert.throws(() => parse(planText(tasks)), /has 250 problems:.*and 150 more$/s)
})

const wrongFiles: Readonly<Record<string, readonly [text: string, expected: RegExp]>> = {
  'an empty file': ['', /^1:1 : found nothing, expected a map with name and tasks$/],
  'a list': ['- a\n- b\n', /^1:1 : found a list, expected a map/],
  'a word': ['hello', /^1:1 : found "hello", expected a map/],
  'two documents': ['name: a\ntasks: { a: { run: x } }\n---\nname: b\n', /^4:1 : found a second document/],
  'a tab for indentation': ['name: a\ntasks:\n\ta: 1\n', /^3:/],
  'a quote without its end': ['name: "a\ntasks: {}\n', /Missing closing "quote/],
  'a NUL byte': ['name: "a\\0b"\ntasks: { a: { run: x } }', /^1:7 name: found a NUL character/],
  'half of a surrogate pair': [
    'name: "\\uD800"\ntasks: { a: { run: x } }',
    /^1:7 name: found a NUL character or half/,
  ],
  'a duplicate key': ['name: a\nname: b\ntasks: { a: { run: x } }', /^2:1 name: found the key "name" twice/],
  'a duplicate task': [
    'name: a\ntasks:\n  a: { run: x }\n  a: { run: y }\n',
    /^4:3 tasks\.a: found the key "a" twice/,
  ],
  'an alias without an anchor': [
    'name: *a\ntasks: { a: { run: x } }',
    /^1:7 name: found \*a, expected an anchor/,
  ],
  'a merge key that names a text': [
    'name: a\ntasks: { a: { <<: b, run: x } }',
    /merge key "<<" that does not name a map/,
  ],
  'a key that is a list': ['name: a\n[1]: 2\ntasks: { a: { run: x } }', /^2:/],
  'an unknown tag': ['name: !secret a\ntasks: { a: { run: x } }', /^1:7 : Unresolved tag/],
  'the name __proto__': [
    'name: a\ntasks:\n  __proto__: { run: x }\n',
    /^3:3 tasks: the name "__proto__" is not allowed/,
  ],
  'no tasks': ['name: a\n', /^1:1 tasks: is missing/],
  'tasks that are a list': ['name: a\ntasks: [a]\n', /^2:1 tasks: found a list/],
  'no name': ['tasks: { a: { run: x } }\n', /^1:1 name: is missing, expected a name/],
  'a name of more than one line': [
    'name: "a\\nb"\ntasks: { a: { run: x } }',
    /^1:7 name: found "a\\nb", expected a name of 1 to 200 characters in one line$/,
  ],
  'a version of more than one line': [
    'name: a\nversion: "1.2\\n"\ntasks: { a: { run: x } }',
    /^2:10 version: found "1\.2\\n", expected a version of 1 to 200 characters in one line$/,
  ],
  'a version with a control character': [
    'name: a\nversion: "1\\e[31m"\ntasks: { a: { run: x } }',
    /^2:10 version: found "1\\u001b\[31m"/,
  ],
  'a version with a line separator': [
    'name: a\nversion: "1\\L2"\ntasks: { a: { run: x } }',
    /^2:10 version: found/,
  ],
  'a blank version': ['name: a\nversion: " "\ntasks: { a: { run: x } }', /^2:10 version: found " "/],
  'a long version': [
    `name: a\nversion: ${'x'.repeat(201)}\ntasks: { a: { run: x } }`,
    /^2:10 version: found "x{57}\.\.\.", expected a version of 1 to 200 characters/,
  ],
  'an empty name of a task': [
    'name: a\ntasks:\n  "": { run: x }\n',
    /^3:3 tasks\[""\]: found a name of 0 characters/,
  ],
  'a long name of a task': [
    `name: a\ntasks:\n  ${'x'.repeat(201)}: { run: x }\n`,
    /found a name of 201 characters/,
  ],
  'a task that is nothing': ['name: a\ntasks:\n  a:\n', /^3:5 tasks\.a: found nothing, expected a map/],
  'a task without work': ['name: a\ntasks:\n  a: {}\n', /^3:3 tasks\.a: found no work/],
  'a number where a map belongs': [
    'name: a\nvars: 3\ntasks: { a: { run: x } }',
    /^2:7 vars: found "3", expected a map/,
  ],
  'a number that cannot be held': [
    'name: a\ntasks:\n  a: { call: "./a.ts#b", with: 12345678901234567890 }',
    /^3:32 tasks\.a\.with: found "12345678901234567890", a number that JavaScript cannot hold/,
  ],
}

for (const [what, [text, expected]] of Object.entries(wrongFiles)) {
  test(`${what} is refused with its place`, () => {
    assert.match(linesOf(text).join('\n'), expected)
  })
}

test('words and habits of other tools are met with what is meant here', () => {
  const text = `name: shop
variables: {}
tasks:
  a: make
  b: { command: make, depends_on: [c], if: x, cwd: x }
  c: { exec: ls -l }
`
  assert.deepEqual(
    linesOf(text).map((line) => line.replace(/expected one of [^;]*/, '')),
    [
      '2:1 variables: unknown key, ; did you mean "vars"?',
      '4:6 tasks.a: found "make", expected a map; did you mean { run: "make" }?',
      '5:3 tasks.b: found no work, ',
      '5:8 tasks.b.command: unknown key, ; did you mean "run"?',
      '5:23 tasks.b.depends_on: unknown key, ; did you mean "needs"?',
      '5:40 tasks.b.if: unknown key, ; did you mean "when"?',
      '5:47 tasks.b.cwd: unknown key, ; did you mean "dir"?',
      '6:14 tasks.c.exec: found "ls -l", expected a list of words such as [node, server.js]; a line for the shell is written "run"',
    ],
  )
  assert.match(linesOf('name: shop\nsteps: []\n').join('\n'), /steps: unknown key.*did you mean "tasks"\?/)
  assert.match(
    linesOf('name: shop\ntasks: []\n').join('\n'),
    /found a list, expected a map with at least one task, as in "build: \{ run: make \}"/,
  )
  assert.match(
    linesOf('name: shop\ntasks:\n  a:\n    run: echo key: value\n').join('\n'),
    /^4:10 : found a second ": " in one line; put the text in quotes/,
  )
})

const wrongTasks: Readonly<Record<string, readonly [task: string, expected: RegExp, head?: string]>> = {
  'a key of another kind of work': ['{ run: x, with: 1 }', /"with" belongs to call, found it beside run/],
  'a directory of a probe': [
    '{ http: "http://a", dir: x }',
    /"dir" belongs to run, exec and call, found it beside http/,
  ],
  'memory of a probe': [
    '{ http: "http://a", undo: { http: "http://a" }, memory: 1MiB }',
    /"memory" belongs to run/,
  ],
  'a service that is a function': ['{ call: "./a.ts#b", detach: true }', /"detach" belongs to run and exec/],
  '"stop" without a service': ['{ run: x, undo: stop }', /expected "detach: true" beside it/],
  'an unknown place': [
    '{ call: "./a.ts#b", in: thred }',
    /one of thread, process, inline; did you mean "thread"\?/,
  ],
  'a call without an export': ['{ call: ./a.ts }', /expected \.\/module\.ts#exportedFunction/],
  'an empty list of words': ['{ exec: [] }', /at least one word/],
  'an empty program': ['{ exec: [""] }', /expected a program/],
  'a URL of another kind': ['{ http: "ftp://x" }', /expected a URL that begins with http/],
  'a body of a GET': ['{ http: "http://x", body: hi }', /a GET has no body/],
  'a header that is not a token': ['{ http: "http://x", headers: { "a b": c } }', /found the header "a b"/],
  'an expectation above the limit': [
    '{ run: x, memory: { limit: 1MiB, expect: 2MiB } }',
    /found more than "limit"/,
  ],
  'a longest wait below the first': [
    '{ run: x, retry: { delay: 5s, maxDelay: 1s } }',
    /found less than "delay"/,
  ],
  'no attempts': ['{ run: x, retry: 0 }', /expected a whole number from 1 to 1000/],
  'no time': ['{ run: x, timeout: 0s }', /above 0/],
  'a variable name with "="': ['{ run: x, env: { "A=B": c } }', /found the variable "A=B"/],
  'a variable that is not set': [
    '{ exec: [x, "${PROT}"] }',
    /"\$\{PROT\}", which is not set.*did you mean "PORT"\?/,
    'vars: { PORT: 1 }',
  ],
  'a secret in the words of a program': [
    '{ exec: [x, "${secrets.KEY}"] }',
    /a secret here would be seen/,
    'secrets: [KEY]',
  ],
  'a secret in a URL': [
    '{ http: "http://x/${secrets.KEY}" }',
    /a secret here would be seen/,
    'secrets: [KEY]',
  ],
  'a secret in a directory': [
    '{ run: x, dir: "${secrets.KEY}" }',
    /known before the run starts/,
    'secrets: [KEY]',
  ],
  'a secret that is used like a variable': [
    '{ exec: [x, "${KEY}"] }',
    /write \$\{secrets\.KEY\}/,
    'secrets: [KEY]',
  ],
  'a secret that is not listed': [
    '{ run: x, env: { A: "${secrets.KEI}" } }',
    /did you mean "KEY"\?/,
    'secrets: [KEY]',
  ],
  'a hole without its end': ['{ exec: [x, "ab${cd"] }', /^4:21 .*found "\$\{" without "\}"/],
  'a variable that only objects are born with': ['{ exec: [x, "${constructor}"] }', /which is not set/],
  'an output of a task that does not exist': [
    '{ exec: [x, "${tasks.z.outputs.k}"] }',
    /found "z", which is not a task/,
  ],
  'an output of itself': ['{ exec: [x, "${tasks.a.outputs.k}"] }', /"a" reads its own result/],
  'an output of a task that it does not wait for': [
    '{ exec: [x, "${tasks.b.outputs.k}"] }\nb: { run: x }',
    /"a" reads of "b" without waiting for it: add "b" to its "needs"/,
  ],
  'a status of a task that it does not wait for': [
    `{ run: x, when: tasks.b.status == "failed" }\nb: { run: x }`,
    /^4:22 .*"a" reads of "b" without waiting/,
  ],
  'the same option in two places': [
    '{ run: x }',
    /^3:33 executor\.maxConcurrentTasks: .*says the same/,
    'concurrency: 3\nexecutor: { maxConcurrentTasks: 4 }',
  ],
  'variables that need each other': ['{ run: x }', /A -> B -> A/, 'vars: { A: "${B}", B: "${A}" }'],
  'a version that names itself': ['{ run: x }', /version -> version/, 'version: "${version}"'],
  'a variable with a built-in name': ['{ run: x }', /"version" is built in/, 'vars: { version: 1 }'],
}

for (const [what, [task, expected, head]] of Object.entries(wrongTasks)) {
  test(`${what} is refused`, () => {
    const found = linesOf(planText(`a: ${task}`, head))
    assert.equal(found.length, 1, found.join('\n'))
    assert.match(found.join('\n'), expected)
  })
}

test('a version that a variable makes, or that is given beside the file, is one line too', () => {
  const text = planText('a: { run: x }', 'version: ${TAG}')
  const [line] = linesOf(text, { variables: { TAG: '1.2\n' } })
  assert.match(line ?? '', /^2:10 version: found "1\.2\\n", expected a version/)
  assert.throws(() => parse(text, { version: '1.2\r\nerror: none' }), {
    code: 'USAGE',
    message: '--version is "1.2\\r\\nerror: none", expected a version of 1 to 200 characters in one line',
  })
  assert.equal(parse(text, { version: 'v1.2 (é 🚢)' }).version, 'v1.2 (é 🚢)')
})

test('an environment that the plan does not have is refused with the nearest one', () => {
  const text = planText('a: { run: x }', 'environments: { staging: {}, production: {} }')
  assert.deepEqual(linesOf(text, { environment: 'stagin' }), [
    '2:1 environments: asked for "stagin", expected one of "staging", "production"; did you mean "staging"?',
  ])
  assert.deepEqual(linesOf(planText('a: { run: x }'), { environment: 'any' }), [
    '1:1 : asked for "any", but the plan has no environments: leave out --env, or write environments: { any: {} }',
  ])
})

test('a bomb of aliases is refused after a bounded number of values', () => {
  const levels = Array.from({ length: 30 }, (_, index) => {
    const inner =
      index === 0
        ? '"x"'
        : Array(9)
            .fill(`*l${index - 1}`)
            .join(', ')
    return `l${index}: &l${index} [${inner}]`
  })
  const text = `x-bomb:\n  ${levels.join('\n  ')}\nname: a\ntasks: { a: { call: "./a.ts#b", with: *l29 } }`
  assert.match(linesOf(text).join('\n'), /the file makes more than 400000 values/)
})

test('a bomb of merge keys is refused after a bounded number of values', () => {
  const keys = Array.from({ length: 1_000 }, (_, index) => `k${index}: 1`).join(', ')
  const levels = Array.from({ length: 1_000 }, (_, index) =>
    index === 0 ? `l0: &l0 { ${keys} }` : `l${index}: &l${index} { <<: *l${index - 1} }`,
  )
  const text = `x-bomb:\n  ${levels.join('\n  ')}\nname: a\ntasks: { a: { call: "./a.ts#b", with: [${Array.from({ length: 1000 }, (_, index) => `*l${index}`).join(', ')}] } }`
  assert.match(linesOf(text).join('\n'), /the file makes more than 400000 values/)
})

test('a long chain of merge keys is refused', () => {
  const levels = Array.from({ length: 1_000 }, (_, index) =>
    index === 0 ? 'l0: &l0 { timeout: 1s }' : `l${index}: &l${index} { <<: *l${index - 1} }`,
  )
  const text = `x-chain:\n  ${levels.join('\n  ')}\nname: a\ntasks: { a: { <<: *l999, run: x } }`
  assert.match(linesOf(text).join('\n'), /nested too deeply/)
})

test('a merge key whose list contains itself twice is refused', { timeout: 60_000 }, () => {
  const lines = linesOf('name: a\ntasks: { a: { <<: &m [*m, *m], run: x } }')
  assert.match(lines.join('\n'), /nested too deeply|more than 400000 values/)
})

test('an anchor inside of itself is refused', () => {
  assert.match(
    linesOf('name: a\ntasks: { a: { call: "./a.ts#b", with: &w [*w] } }').join('\n'),
    /nested too deeply/,
  )
})

test('a bomb of variables is refused after a bounded number of characters', () => {
  const vars = Array.from(
    { length: 40 },
    (_, index) => `V${index}: "${index === 0 ? 'xxxxxxxxxx' : `\${V${index - 1}}`.repeat(8)}"`,
  )
  assert.match(
    linesOf(planText('a: { run: x }', `vars: { ${vars.join(', ')} }`)).join('\n'),
    /substitution makes \d+ characters/,
  )
})

const deep: Readonly<Record<string, string>> = {
  lists: '['.repeat(200_000),
  maps: '{a: '.repeat(100_000),
  sequences: '- '.repeat(200_000),
  questions: '? '.repeat(100_000),
  indentation: Array.from({ length: 1_500 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n'),
  'balanced lists': `name: ${'['.repeat(300)}${']'.repeat(300)}`,
}

for (const [what, text] of Object.entries(deep)) {
  test(`deeply nested ${what} are refused`, () => {
    assert.match(linesOf(text).join('\n'), /nested too deeply/)
  })
}

/** The same on every machine and in every run. */
function garbage(length: number, alphabet: string): string {
  let state = 42
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return alphabet[(state >>> 16) % alphabet.length]
  }).join('')
}

test('a megabyte of garbage of any kind ends in problems with places', () => {
  const letters = String.fromCharCode(...Array.from({ length: 95 }, (_, index) => index + 32))
  for (const alphabet of [letters, `${letters}\n`, '[]{},:-?&*!|>\'"%@`#\n ', ': \n', ',[', '&a *\n', '>']) {
    const problems = problemsOf(garbage(2 ** 20, alphabet))
    assert.ok(problems.length > 0)
    for (const { line, column, message } of problems) {
      assert.ok(line >= 1 && column >= 1 && message.length < 500)
    }
  }
})

async function inFile(content: string | Uint8Array, check: (file: string) => Promise<void>): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'plimsoll-plan-'))
  try {
    const file = join(dir, 'plimsoll.yaml')
    await writeFile(file, content)
    await check(file)
  } finally {
    await rm(dir, { recursive: true })
  }
}

test('a file that is missing or a directory is PLAN_UNREADABLE with its path', async () => {
  await assert.rejects(readPlan('/nowhere/plan.yaml'), {
    code: 'PLAN_UNREADABLE',
    message: 'there is no plan "/nowhere/plan.yaml"',
  })
  await assert.rejects(readPlan(tmpdir()), { code: 'PLAN_UNREADABLE', message: /it is a directory$/ })
})

test('what is no regular file is refused at once, and nothing of it is read', {
  timeout: 30_000,
}, async () => {
  for (const device of ['/dev/zero', '/dev/full', '/dev/null']) {
    await assert.rejects(readPlan(device), { code: 'PLAN_UNREADABLE', message: /it is a device$/ })
  }
  await inFile('', async (file) => {
    const pipe = `${file}.pipe`
    execFileSync('mkfifo', [pipe])
    // Nobody ever writes to it.
    await assert.rejects(readPlan(pipe), { code: 'PLAN_UNREADABLE', message: /it is a pipe$/ })
    const server = createServer().listen(`${file}.socket`)
    await once(server, 'listening')
    await assert.rejects(readPlan(`${file}.socket`), { code: 'PLAN_UNREADABLE' })
    server.close()
  })
})

test('a file may begin with a byte order mark', async () => {
  await inFile(`\uFEFF${planText('a: { run: x }')}`, async (file) => {
    assert.equal((await readPlan(file)).name, 'shop')
  })
  assert.equal(parse(`\uFEFF${planText('a: { run: x }')}`).name, 'shop')
})

test('bytes that are not UTF-8 are refused at their place', async () => {
  const bytes = Buffer.concat([
    Buffer.from('name: shop\nversion: "1'),
    Buffer.from([0xff, 0xfe]),
    Buffer.from('"\n'),
  ])
  await inFile(bytes, async (file) => {
    await assert.rejects(readPlan(file), (error) => {
      assert.ok(error instanceof PlanInvalidError)
      assert.deepEqual(
        error.problems.map(({ line, column }) => [line, column]),
        [[2, 12]],
      )
      return true
    })
  })
})

test('a file of more than 4 MiB is refused before it is parsed', async () => {
  await inFile('name: a\n', async (file) => {
    await truncate(file, 4 * 2 ** 20 + 1)
    await assert.rejects(readPlan(file), { code: 'PLAN_INVALID', message: /longer than 4 MiB/ })
  })
  assert.throws(() => parse(' '.repeat(4 * 2 ** 20 + 1)), {
    code: 'PLAN_INVALID',
    message: /longer than 4 MiB/,
  })
})
