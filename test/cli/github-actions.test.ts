/** What the command line writes for GitHub Actions, read as its runner reads it. */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { annotationLine, fitMarkdown } from '../../src/report/report.ts'
import { Folder } from './plimsoll.ts'

type Command = { readonly name: string; readonly properties: Record<string, string>; readonly text: string }

/** The commands that the runner obeys in these lines, by its rules: also behind blanks, and the old form anywhere. */
function obeyed(output: string): readonly Command[] {
  const commands: Command[] = []
  let stoppedBy: string | null = null
  for (const line of output.split(/\r\n|\n|\r/)) {
    if (stoppedBy !== null) {
      if (line.trim() === `::${stoppedBy}::`) stoppedBy = null
      continue
    }
    const [, name = '', list = '', text = ''] = /^::([^ :]+)(?: ([^:]*))?::(.*)$/.exec(line.trim()) ?? []
    if (name === 'stop-commands') stoppedBy = text
    else if (name !== '') {
      const pairs = list.split(',').map((pair) => pair.split('='))
      commands.push({
        name,
        properties: Object.fromEntries(pairs.map(([key, value = '']) => [key, plain(value)])),
        text: plain(text),
      })
    } else if (line.includes('##[')) commands.push({ name: 'old form', properties: {}, text: line })
  }
  return commands
}

const plain = (text: string): string =>
  text
    .replaceAll('%0D', '\r')
    .replaceAll('%0A', '\n')
    .replaceAll('%3A', ':')
    .replaceAll('%2C', ',')
    .replaceAll('%25', '%')

function repository(context: TestContext, plan: string) {
  const folder = new Folder()
  context.after(() => folder[Symbol.dispose]())
  mkdirSync(join(folder.path, 'deploy'))
  folder.write('deploy/plimsoll.yaml', plan)
  const summary = join(folder.path, 'summary.md')
  const github = { GITHUB_ACTIONS: 'true', GITHUB_WORKSPACE: folder.path, GITHUB_STEP_SUMMARY: summary }
  return {
    summary,
    root: folder.path,
    deploy: (variables: NodeJS.ProcessEnv = {}, ...words: readonly string[]) =>
      folder.plimsoll(['deploy', 'deploy/plimsoll.yaml', ...words], { ...github, CI: 'true', ...variables }),
  }
}

const forged =
  '::error file=app.ts,line=1::forged%0A\n::set-output name=a::b\n##[error]forged\n   ::add-mask::x\n'

const failing = `name: shop
secrets: [KEY]
tasks:
  good:
    run: "true"
  "bad, very: bad":
    env: { KEY: "\${secrets.KEY}", FORGED: ${JSON.stringify(forged)} }
    run: printf '%s' "$FORGED"; echo "$KEY"; exit 3
`

test('a failed deployment is in the summary and marked at the line of its task; a task gives no commands', async (context) => {
  const { summary, deploy } = repository(context, failing)
  const { code, stdout, stderr } = await deploy({ KEY: 'correct-horse' })
  assert.equal(code, 1, stderr)
  const commands = obeyed(stdout + stderr)
  assert.deepEqual(
    commands.map(({ name }) => name),
    ['error'],
  )
  const [{ properties, text }] = commands as [Command]
  assert.deepEqual(properties, {
    file: 'deploy/plimsoll.yaml',
    line: '6',
    title: 'bad, very: bad TASK_FAILED',
  })
  assert.match(text, /exit code 3\nfix: /)
  const markdown = readFileSync(summary, 'utf8')
  assert.match(markdown, /^## shop dev failed/)
  assert.ok(!`${stdout}${stderr}${markdown}`.includes('correct-horse'))
})

test('with --json standard output has JSON alone, and the commands are beside it', async (context) => {
  const { summary, deploy } = repository(context, failing)
  const { stdout, stderr } = await deploy({ KEY: 'correct-horse' }, '--json')
  for (const line of stdout.trim().split('\n')) JSON.parse(line)
  assert.deepEqual(
    obeyed(stderr).map(({ name }) => name),
    ['error'],
  )
  assert.match(readFileSync(summary, 'utf8'), /^## shop dev failed/)
})

test('the summary of a good run stands behind what is there already, and within a mebibyte', async (context) => {
  const { summary, deploy } = repository(context, 'name: shop\ntasks: { good: { run: "true" } }\n')
  const before = `${'x'.repeat(1024 ** 2 - 300)}\n`
  writeFileSync(summary, before)
  const { code, stdout, stderr } = await deploy()
  assert.equal(code, 0, stderr)
  assert.deepEqual(obeyed(stdout + stderr), [])
  assert.ok(readFileSync(summary, 'utf8').startsWith(`${before}## shop dev succeeded`))
  assert.ok(statSync(summary).size <= 1024 ** 2)
})

test('a summary that cannot be written changes nothing of the run', async (context) => {
  const { root, deploy } = repository(context, 'name: shop\ntasks: { good: { run: "true" } }\n')
  const { code, stdout } = await deploy({ GITHUB_STEP_SUMMARY: root })
  assert.equal(code, 0)
  assert.match(stdout, /the summary of the job could not be written \(it is not a file\)/)
})

test('the problems of a plan are marked at their places', async (context) => {
  const { deploy } = repository(context, 'name: shop\ntasks:\n  a: { run: x, tiemout: 3s }\n')
  const { code, stdout } = await deploy()
  assert.equal(code, 2)
  const [command] = obeyed(stdout)
  assert.deepEqual(command?.properties, {
    file: 'deploy/plimsoll.yaml',
    line: '3',
    col: '16',
    title: 'tasks.a.tiemout',
  })
  assert.match(command?.text ?? '', /unknown key/)
})

test('elsewhere nothing of this is written', async (context) => {
  const { summary, deploy } = repository(context, 'name: shop\ntasks: { good: { run: "true" } }\n')
  const { stdout } = await deploy({ GITHUB_ACTIONS: '' })
  assert.ok(!stdout.includes('::'))
  assert.throws(() => statSync(summary), { code: 'ENOENT' })
})

test('any text comes through an annotation as it is, and as one command', () => {
  const text = fc.string({
    unit: fc.constantFrom('a', '%', '\n', '\r', ':', ',', '::', '0A', '##[', '=', ' x'),
  })
  fc.assert(
    fc.property(text, text, (title, message) => {
      const commands = obeyed(
        annotationLine({ title: `t${title}`, message: `m${message}`, file: 'a.yaml', line: 1 }).trimEnd(),
      )
      assert.equal(commands.length, 1)
      assert.equal(commands[0]?.text, `m${message}`)
    }),
  )
})

test('a report that is cut keeps to its bytes, ends with a line, and leaves no block of code open', () => {
  const line = fc.constantFrom('', 'text', 'é'.repeat(30), '```text', '```', '````text', '````', '| a | b |')
  fc.assert(
    fc.property(fc.array(line, { maxLength: 60 }), fc.integer({ min: 0, max: 900 }), (lines, mostBytes) => {
      const markdown = lines.join('\n')
      const fitting = fitMarkdown(markdown, mostBytes)
      assert.ok(Buffer.byteLength(fitting) <= mostBytes)
      if (Buffer.byteLength(markdown) <= mostBytes) return assert.equal(fitting, markdown)
      let fence: string | null = null
      for (const one of fitting.split('\n')) {
        const marks: string | null = /^`{3,}/.exec(one)?.[0] ?? null
        if (fence === null) fence = marks
        else if (one === fence) fence = null
      }
      assert.equal(fence, null)
    }),
    { numRuns: 1_000 },
  )
})
