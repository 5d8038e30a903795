/** Names, variables and paths are data: whatever is in them, nothing of it is ever executed. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { stringify } from 'yaml'
import { deploy } from '../src/deploy.ts'
import { PlanInvalidError, readPlan } from '../src/plan/plan.ts'
import type { Report } from '../src/spine.ts'

/** Each would leave a file named `canary...` in its working directory if a shell read it. */
const hostile: readonly string[] = [
  'two words',
  "'; touch canary-quote; '",
  '"; touch canary-double; "',
  '$(touch canary-dollar)',
  '`touch canary-backtick`',
  'line\ntouch canary-line\n# ',
  '; touch canary-semicolon #',
  '| touch canary-pipe',
  '&& touch canary-and',
  '> canary-redirect',
  '\\$(touch canary-escaped)',
  '-c touch canary-option',
  "é 船 🚢 \u202e$(touch canary-unicode)'",
  '%s%n !! ~ * ? [a-z] {a,b} $IFS $0',
]
type Plan = Record<string, unknown> & { readonly tasks: Record<string, Record<string, unknown>> }
type Place = { readonly folder: string; readonly stateDir: string; readonly variables?: NodeJS.ProcessEnv }

/** A folder whose own name, and that of the state directory in it, is hostile. */
function placeFor(context: TestContext): Place {
  const base = mkdtempSync(join(tmpdir(), 'plimsoll-hostile-'))
  context.after(() => {
    const found = readdirSync(base, { recursive: true }).filter((path) =>
      /(?:^|\/)canary[^/]*$/.test(String(path)),
    )
    rmSync(base, { recursive: true, force: true })
    assert.deepEqual(found, [])
  })
  const folder = join(base, 'a $(touch canary-folder) `touch canary-folder` \'";\n🚢')
  mkdirSync(folder)
  return { folder, stateDir: join(folder, "state '; touch canary-state; '") }
}

/** In the plan file `$${` stands for `${`; the text of `run` is never touched. */
function escaped(value: unknown, key = ''): unknown {
  if (typeof value === 'string') return key === 'run' ? value : value.replaceAll('${', () => '$${')
  if (Array.isArray(value)) return value.map((item) => escaped(item))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, escaped(inner, name)]))
}

async function run(plan: Plan, { folder, stateDir, variables = process.env }: Place): Promise<Report> {
  const file = join(folder, 'plimsoll.yaml')
  writeFileSync(file, stringify(plan))
  return deploy(await readPlan(file, { variables }), { stateDir, variables })
}

function succeeded(report: Report): void {
  const failed = Object.entries(report.tasks).flatMap(([name, { error }]) =>
    error ? [[name, error.message]] : [],
  )
  assert.deepEqual(failed, [])
  assert.equal(report.status, 'succeeded')
}

const node = process.execPath
const wordsSeen = (folder: string): string[] => JSON.parse(readFileSync(join(folder, 'seen'), 'utf8'))
const writeWords = "require('node:fs').writeFileSync('seen', JSON.stringify(process.argv.slice(1)))"

test('the texts of this test are really executed when a shell reads them', () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-hostile-'))
  try {
    for (const text of hostile) spawnSync('/bin/sh', ['-c', `echo ${text}`], { cwd: folder })
    spawnSync('/bin/sh', ['-c', `echo '${hostile[1]}'; echo "${hostile[2]}"`], { cwd: folder })
    assert.ok(readdirSync(folder).length >= 9, readdirSync(folder).join(' '))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('names of plan, tasks and environments are data', async (context) => {
  const place = placeFor(context)
  const tasks = Object.fromEntries(
    hostile.map((name, index) => [
      name,
      {
        run: 'printf %s "$PLIMSOLL_TASK|$PLIMSOLL_PLAN|$PLIMSOLL_VERSION" > "seen-$INDEX"',
        env: { INDEX: String(index) },
        needs: hostile.slice(Math.max(0, index - 1), index),
      },
    ]),
  )
  const name = hostile.slice(0, 5).join(' ').replaceAll('\n', ' ')
  const environments = Object.fromEntries(hostile.map((text) => [text, {}]))
  const report = await run({ name, version: hostile[3], environments, tasks }, place)
  succeeded(report)
  for (const [index, task] of hostile.entries()) {
    const seen = readFileSync(join(place.folder, `seen-${index}`), 'utf8')
    assert.equal(seen, `${task}|${name}|${hostile[3]}`)
  }
})

test('names of variables that no shell can hand on are refused, each with its place', async (context) => {
  const place = placeFor(context)
  const vars = Object.fromEntries(hostile.map((text) => [text, text]))
  const tasks = { a: { run: 'true', env: vars } }
  await assert.rejects(run({ name: 'variables', vars, tasks }, place), (error) => {
    assert.ok(error instanceof PlanInvalidError)
    const refused = error.problems.filter(({ message }) => message.startsWith('found the variable'))
    assert.equal(refused.length, 2 * hostile.length)
    return true
  })
})

test('variables reach the shell as values of its environment', async (context) => {
  const place = placeFor(context)
  const values = Object.fromEntries(hostile.map((text, index) => [`VALUE_${index}`, text]))
  const print = hostile.map((_, index) => `printf '%s\\0' "$VALUE_${index}" >> seen`).join('\n')
  const tasks = {
    vars: { run: print },
    env: { run: print.replaceAll('VALUE', 'OTHER'), env: rename(values, 'OTHER'), needs: ['vars'] },
  }
  succeeded(await run({ name: 'variables', vars: values, tasks }, place))
  assert.equal(readFileSync(join(place.folder, 'seen'), 'utf8'), [...hostile, ...hostile, ''].join('\0'))
})

const rename = (values: Readonly<Record<string, string>>, name: string): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key.replace('VALUE', name), value]))

test('words of exec arrive word by word', async (context) => {
  const place = placeFor(context)
  const plan = {
    name: 'words',
    tasks: { words: { exec: [node, '--eval', writeWords, '--', ...hostile, ''] } },
  }
  succeeded(await run(plan, place))
  assert.deepEqual(wordsSeen(place.folder), [...hostile, ''])
})

test('values from outside that are filled into exec stay one word', async (context) => {
  const place = placeFor(context)
  const variables = { ...process.env, HOSTILE: hostile.join('${X}$(touch canary-outside) ') }
  const plan = {
    name: 'outside',
    tasks: { words: { exec: [node, '--eval', writeWords, '--', 'a${HOSTILE}b'] } },
  }
  succeeded(await run(plan, { ...place, variables }))
  assert.deepEqual(wordsSeen(place.folder), [`a${variables.HOSTILE}b`])
})

test('a command that does not exist is not looked for by a shell, and words of the shell are no commands', async (context) => {
  const place = placeFor(context)
  const commands = [...hostile, 'eval', 'exit', '.', '-a', '-c', '--', '[[', 'exec']
  const tasks = Object.fromEntries(
    commands.map((command, index) => [`t${index}`, { exec: [command, 'touch canary-command', 'x'] }]),
  )
  const report = await run({ name: 'commands', tasks }, place)
  for (const [name, { status, error }] of Object.entries(report.tasks)) {
    const command = commands[Number(name.slice(1))]
    assert.equal(status, 'failed', command)
    assert.equal(error?.code, 'TASK_NOT_STARTED', `${command}: ${error?.message}`)
  }
})

test('directories and modules may have any name', async (context) => {
  const place = placeFor(context)
  const source = 'export const give = (argument) => ({ argument: JSON.stringify(argument) })\n'
  // Node.js itself imports no module whose path has a backslash.
  const importable = hostile.filter((folder) => !folder.includes('\\'))
  const tasks: Plan['tasks'] = {}
  for (const [index, folder] of hostile.entries()) {
    mkdirSync(join(place.folder, folder))
    tasks[`dir${index}`] = { dir: folder, run: 'pwd > seen' }
  }
  for (const [index, folder] of importable.entries()) {
    writeFileSync(join(place.folder, folder, 'module.mjs'), source)
    const kind = ['inline', 'thread', 'process'][index % 3]
    tasks[`call${index}`] = { call: `./${folder}/module.mjs#give`, in: kind, with: { [folder]: [folder] } }
  }
  const report = await run({ name: 'paths', ...(escaped({ tasks }) as Plan) }, place)
  succeeded(report)
  for (const folder of hostile) {
    assert.ok(readFileSync(join(place.folder, folder, 'seen'), 'utf8').endsWith(`/${folder}\n`), folder)
  }
  for (const [index, folder] of importable.entries()) {
    assert.equal(report.tasks[`call${index}`]?.outputs.argument, JSON.stringify({ [folder]: [folder] }))
  }
})

test('paths, headers and bodies of http are data', async (context) => {
  const place = placeFor(context)
  const asked: { url: string; header: string; body: string }[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    asked.push({
      url: decodeURIComponent(request.url ?? ''),
      header: String(request.headers['x-data']),
      body,
    })
    response.end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => server.close())
  const { port } = server.address() as AddressInfo
  const tasks = Object.fromEntries(
    hostile.map((text, index) => [
      `t${index}`,
      {
        http: `http://127.0.0.1:${port}/${encodeURIComponent(text)}`,
        method: 'POST',
        headers: { 'x-data': encodeURIComponent(text) },
        body: text,
        expect: { body: text },
        needs: index > 0 ? [`t${index - 1}`] : [],
      },
    ]),
  )
  succeeded(await run({ name: 'http', tasks }, place))
  assert.deepEqual(
    asked,
    hostile.map((text) => ({ url: `/${text}`, header: encodeURIComponent(text), body: text })),
  )
})

test('outputs and secrets of one task are data in the next', async (context) => {
  const place = placeFor(context)
  const single = hostile.filter((text) => !text.includes('\n'))
  const give = `const { appendFileSync } = require('node:fs')
for (const [index, text] of JSON.parse(process.env.TEXTS).entries()) {
  appendFileSync(process.env.PLIMSOLL_OUTPUT, 'key' + index + '=' + text + '\\n')
}`
  writeFileSync(join(place.folder, 'give.cjs'), give)
  const keys = single.map((_, index) => `\${tasks.giver.outputs.key${index}}`)
  const variables = { ...process.env, TOKEN: hostile.join(' ') }
  const tasks = {
    giver: { exec: [node, 'give.cjs'], env: { TEXTS: JSON.stringify(single) } },
    taker: { needs: ['giver'], exec: [node, '--eval', writeWords, '--', ...keys] },
    shell: {
      needs: ['taker'],
      env: { ALL: keys.join('|'), TOKEN: '${secrets.TOKEN}' },
      run: 'printf "%s" "$ALL" > all; printf "%s" "$TOKEN" > token; echo "$TOKEN"',
    },
  }
  const report = await run({ name: 'outputs', secrets: ['TOKEN'], tasks }, { ...place, variables })
  succeeded(report)
  assert.deepEqual(wordsSeen(place.folder), single)
  assert.equal(readFileSync(join(place.folder, 'all'), 'utf8'), single.join('|'))
  assert.equal(readFileSync(join(place.folder, 'token'), 'utf8'), variables.TOKEN)
})

test('what is undone is undone with the same names, and still nothing of them is executed', async (context) => {
  const place = placeFor(context)
  const steps = hostile.map((name, index) => [
    name,
    {
      exec: ['/bin/true', name],
      undo: { run: 'printf "%s\\0" "$PLIMSOLL_TASK" >> seen' },
      needs: hostile.slice(Math.max(0, index - 1), index),
    },
  ])
  const tasks = { ...Object.fromEntries(steps), broken: { needs: hostile.slice(-1), exec: ['/bin/false'] } }
  const report = await run({ name: 'undo', tasks }, place)
  assert.equal(report.status, 'rolled-back')
  assert.equal(readFileSync(join(place.folder, 'seen'), 'utf8'), [...hostile.toReversed(), ''].join('\0'))
})
