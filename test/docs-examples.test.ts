/**
 * The examples of the pages are done as they stand there: each plan is deployed, each line of a shell example is typed into
 * a shell. The programs that the plans name (npm, vault, ...) are small ones that note that they were called.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, globSync, mkdirSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { mainFile } from './cli/plimsoll.ts'
import { Yard } from './run/killing.ts'
import { PostgresServer } from './store/postgres-server.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const pages = ['README.md', ...globSync('docs/*.md', { cwd: root })]

/** The blocks of a language on a page, in their order; `''` are outputs. */
const blocksOf = (page: string, language: string): readonly string[] =>
  [...readFileSync(join(root, page), 'utf8').matchAll(/^```([^\n]*)\n(.*?)^```$/gms)]
    .filter(([, mark = '']) => mark.trim() === language)
    .map(([, , body = '']) => body)

function blockOf(page: string, language: string, word = ''): string {
  const block = blocksOf(page, language).find((body) => body.includes(word))
  assert.ok(block !== undefined, `${page} has no ${language} block with ${JSON.stringify(word)}`)
  return block
}

/** Where the shell examples of each page are run; or why they cannot be. */
const shellExamples: Readonly<Record<string, 'here' | { readonly in: string } | { readonly not: string }>> = {
  'README.md': {
    not: 'npm ci and npm test are this; its plans are those of docs/example.md, which has a test',
  },
  'docs/approvals.md': 'here',
  'docs/audit.md': 'here',
  'docs/database.md': 'here',
  'docs/history.md': 'here',
  'docs/locks.md': 'here',
  'docs/metrics.md': { in: 'test/cli/metrics.test.ts' },
  'docs/resume.md': 'here',
  'docs/rollback.md': 'here',
  'docs/state.md': 'here',
}

const noted = 'echo "$(basename "$0") $*" >>"$CALLS"\n'
const programs: Readonly<Record<string, string>> = {
  npm: noted,
  rsync: noted,
  vault: 'printf %s postgres://shop:tulip-9911@db/shop\n',
}

/** A folder as somebody has it who follows a page. */
class Desk extends Yard {
  constructor(files: Readonly<Record<string, string>>) {
    super()
    mkdirSync(join(this.path, 'bin'))
    const command = `exec '${process.execPath}' '${mainFile}' "$@"\n`
    for (const [name, body] of Object.entries({ ...programs, plimsoll: command }))
      this.script(`bin/${name}`, body)
    for (const [name, body] of Object.entries(files)) this.script(name, body)
  }

  script(name: string, body: string): void {
    this.write(name, name.endsWith('.sh') || name.startsWith('bin/') ? `#!/bin/sh\n${body}` : body)
    chmodSync(join(this.path, name), 0o755)
  }

  begin(line: string, variables: NodeJS.ProcessEnv = {}): ChildProcess {
    const { CI, NODE_TEST_CONTEXT, ...inherited } = process.env
    const path = [join(this.path, 'bin'), join(process.execPath, '..'), inherited.PATH].join(delimiter)
    return spawn('sh', ['-c', line], {
      cwd: this.path,
      env: { ...inherited, PATH: path, CALLS: join(this.path, 'count'), ...variables },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  }

  /** Types it into a shell. */
  async type(line: string, variables: NodeJS.ProcessEnv = {}) {
    const child = this.begin(line, variables)
    assert.ok(child.stdout && child.stderr)
    const [stdout, stderr, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ])
    return { code: code as number, stdout, stderr, said: `${line}\n${stdout}${stderr}` }
  }

  async runId(): Promise<string> {
    const { stdout } = await this.type('plimsoll runs --json --limit 1')
    return JSON.parse(stdout).runId
  }

  /** The lines of an example, with the id of the last run in the place of that of the page. */
  async linesOf(page: string, word: string): Promise<readonly string[]> {
    const id = existsSync(join(this.path, '.plimsoll')) ? await this.runId() : ''
    return blockOf(page, 'sh', word)
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/\b2026\d{4}(-\d{6}-\w{4})?/, (known) => id.slice(0, known.length)))
  }
}

/** What a page shows, as a pattern: ids, times, numbers of processes and names of machines may be others. */
function shapeOf(sample: string): RegExp {
  const escaped = sample
    .trim()
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const loose = escaped
    .replaceAll(/\d{8}-\d{6}-\w{4}/g, '\\d{8}-\\d{6}-\\w{4}')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:]+Z/g, '\\S+Z')
    .replaceAll(/process \d+ on \S+?(?=,)/g, 'process \\d+ on \\S+')
    .replaceAll(/\\\(2 m 05 s\\\)/g, '\\([^)]+\\)')
  return new RegExp(loose)
}
const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ')

test('every shell example of a page is run by a test, or it is said why not', () => {
  const withExamples = pages.filter((page) => blocksOf(page, 'sh').length > 0)
  assert.deepEqual(withExamples.toSorted(), Object.keys(shellExamples).toSorted())
})

test('docs/resume.md: its plan is killed, asks as the page shows, and goes on with the lines of the page', async () => {
  using desk = new Desk({ 'migrate.sh': `${noted}[ -e go ] || sleep 60\n` })
  desk.write('plimsoll.yaml', blockOf('docs/resume.md', 'yaml'))
  const engine = desk.begin('exec plimsoll deploy')
  await desk.until(() => desk.lines().length === 1 && desk.isIdentified())
  engine.kill('SIGKILL')
  await once(engine, 'close')
  const [line = '', begun = '', deploy = ''] = await desk.linesOf('docs/resume.md', 'plimsoll resume')
  const asked = await desk.type(line)
  assert.equal(asked.code, 5, asked.said)
  const sample = blockOf('docs/resume.md', '', 'DECISION_NEEDED')
  const because = /\(the machine was started anew since\)/
  const stillRuns = '(it still runs, process 1)'
  const shape = shapeOf(
    sample.replace(because, stillRuns).replace('done|again|failed', 'done|again|failed|adopt'),
  )
  assert.match(oneLine(asked.stderr).replace(/process \d+\)/, 'process 1)'), shape)
  desk.write('go', '')
  const answered = await desk.type(`${begun.replace(/#.*/, '')} --task migrate=again`)
  assert.equal(answered.code, 0, answered.said)
  assert.deepEqual(desk.lines(), ['migrate.sh up', 'migrate.sh up', 'rsync -a dist/ www@web-1:/srv/shop/'])
  assert.match((await desk.type(begun)).stderr, /nothing to resume/)
  assert.equal((await desk.type(deploy)).code, 0)
})

test('docs/locks.md: who comes second reads what the page shows; it may wait, and the lock can be taken away', async () => {
  using desk = new Desk({})
  const plan = (run: string): string =>
    `name: shop\nenvironments: { production: {} }\ntasks: { a: { run: ${JSON.stringify(run)} } }\n`
  desk.write(
    'plimsoll.yaml',
    plan('echo a >>count; for i in $(seq 1200); do [ -e go ] && break; sleep 0.05; done'),
  )
  const first = desk.begin('exec plimsoll deploy --env production')
  const ended = once(first, 'close')
  await desk.until(() => desk.lines().length === 1)
  const second = await desk.type('plimsoll deploy --env production')
  assert.equal(second.code, 3)
  assert.match(oneLine(second.stderr), shapeOf(blockOf('docs/locks.md', '', 'LOCK_HELD')))
  const [wait = '', unlock = ''] = await desk.linesOf('docs/locks.md', '--wait-for-lock')
  const waiting = desk.type(wait)
  desk.write('go', '')
  assert.equal((await waiting).code, 0, (await waiting).said)
  await ended
  assert.equal((await desk.type(unlock)).code, 0)
})

test('docs/rollback.md: its plan is deployed, and undone with the lines of the page', async () => {
  using desk = new Desk({
    'migrate.js': `require('fs').appendFileSync('count', 'migrate ' + process.argv[2] + '\\n')\n`,
    'server.js': 'setInterval(() => undefined, 1000)\n',
  })
  desk.write('plimsoll.yaml', blockOf('docs/rollback.md', 'yaml'))
  const secret = { DATABASE_URL: 'postgres://shop:tulip-9911@db/shop' }
  const deployed = await desk.type('plimsoll deploy --version 1.4.2', secret)
  assert.equal(deployed.code, 0, deployed.said)
  const [preview = '', undo = '', back = ''] = await desk.linesOf('docs/rollback.md', '--dry-run')
  const shown = await desk.type(preview, secret)
  const [first, ...steps] = blockOf('docs/rollback.md', '', 'would be undone').split('\n').slice(0, 3)
  assert.match(
    oneLine(shown.stdout),
    shapeOf([first?.replace(' to production', ''), ...steps].join('\n')),
    shown.said,
  )
  const undone = await desk.type(undo, secret)
  assert.equal(undone.code, 0, undone.said)
  assert.deepEqual(desk.lines(), ['migrate up', 'migrate down'])
  assert.match((await desk.type(back, secret)).stderr, /no run of version "1\.4\.1" has succeeded/)
  const again = await desk.type(back.replace('1.4.1', '1.4.2'), secret)
  assert.match(again.stderr, /RUN_UNKNOWN/, 'a run that was undone has not succeeded')
})

test('docs/approvals.md: its plan asks as the page says, and goes on with the lines of the page', async () => {
  using desk = new Desk({ 'go-live.sh': noted })
  desk.write('plimsoll.yaml', blockOf('docs/approvals.md', 'yaml'))
  const planned = await desk.type('plimsoll plan --env production')
  assert.match(oneLine(planned.stdout), shapeOf(blockOf('docs/approvals.md', '', 'asks for approval')))
  assert.equal((await desk.type('plimsoll deploy --env production')).code, 5)
  assert.deepEqual(desk.lines(), [])
  const [approve = '', resume = ''] = await desk.linesOf('docs/approvals.md', 'plimsoll approve')
  assert.equal((await desk.type(approve)).code, 0)
  assert.equal((await desk.type(resume)).code, 5, 'go-live asks for itself')
  assert.deepEqual(desk.lines(), ['npm run build', 'npm test'])
  assert.equal((await desk.type(approve)).code, 0)
  assert.equal((await desk.type(resume)).code, 0)
  assert.deepEqual(desk.lines(), ['npm run build', 'npm test', 'go-live.sh'])
})

test('docs/secrets.md: each kind of source hands its value on, and it is written nowhere', async () => {
  using desk = new Desk({ 'migrate.js': 'console.log("to", process.env.DATABASE_URL)\n' })
  mkdirSync(join(desk.path, 'shop'))
  const plan = blockOf('docs/secrets.md', 'yaml')
  desk.write('shop/plimsoll.yaml', plan)
  desk.write('shop/migrate.js', readFileSync(join(desk.path, 'migrate.js'), 'utf8'))
  desk.write('licence.txt', 'LICENCE-5521-tulip\n')
  // The last task calls a host of the internet.
  const words = 'cd shop && plimsoll deploy --only migrate'
  const deployed = await desk.type(words, { SHOP_DEPLOY_KEY: 'key-7755-lantern' })
  assert.equal(deployed.code, 0, deployed.said)
  assert.match((await desk.type('cd shop && plimsoll logs last migrate')).stdout, /^to \*\*\*/)
  for (const file of globSync('shop/.plimsoll/**/*.{log,db,db-wal}', { cwd: desk.path })) {
    const kept = readFileSync(join(desk.path, file), 'latin1')
    for (const value of ['tulip-9911', 'LICENCE-5521', 'key-7755'])
      assert.ok(!kept.includes(value), `${value} in ${file}`)
  }
})

test('docs/audit.md: every line of the page tells what it says', async () => {
  using desk = new Desk({})
  desk.plan('  a: { run: "true" }\n')
  await desk.type('plimsoll deploy')
  await desk.type('plimsoll deploy')
  const [list = '', next = '', json = '', verify = ''] = await desk.linesOf('docs/audit.md', 'plimsoll audit')
  assert.match((await desk.type(list)).stdout, /\n +2 .* deploy +shop .*\n +1 .* deploy +shop /)
  assert.match((await desk.type(next)).stdout, /\n +2 .*\n +1 /)
  assert.equal(JSON.parse((await desk.type(json)).stdout).seq, 2)
  const [, sample = ''] = verify.split('# ')
  assert.equal((await desk.type(verify)).stdout, `${sample.replace(/^\d+/, '2')}\n`)
})

test('docs/history.md: its line writes the file', async () => {
  using desk = new Desk({})
  desk.plan('  a: { run: "true" }\n')
  for (const line of await desk.linesOf('docs/history.md', '--history'))
    assert.equal((await desk.type(line)).code, 0)
  assert.ok(desk.has('plimsoll-history.jsonl'))
})

test('docs/state.md: a record is saved with the lines of the page, and its queries are understood', async (t) => {
  using desk = new Desk({})
  desk.plan('  a: { run: "true" }\n')
  assert.equal((await desk.type('plimsoll deploy')).code, 0)
  {
    using database = new DatabaseSync(join(desk.path, '.plimsoll/plimsoll.db'), { readOnly: true })
    for (const query of blockOf('docs/state.md', 'sql')
      .split(/;\n/)
      .filter((one) => one.trim() !== ''))
      database.prepare(query).all()
  }
  if ((await desk.type('sqlite3 --version')).code !== 0) return t.skip('needs the program sqlite3')
  const saved = await desk.type(`set -e\n${blockOf('docs/state.md', 'sh', 'saved')}`)
  assert.equal(saved.code, 0, saved.said)
  assert.match(saved.stdout, /succeeded/)
})

test('docs/database.md: two machines that keep nothing share the record on a server', async () => {
  await using server = await PostgresServer.start()
  const url = await server.database('deployments')
  for (const name of ['one', 'other']) {
    using desk = new Desk({})
    desk.plan('  a: { run: "true" }\n')
    const lines = blockOf('docs/database.md', 'sh', 'PLIMSOLL_DATABASE_URL').replace(
      /'postgres:.*'/,
      `'${url}'`,
    )
    const { code, stdout, said } = await desk.type(lines)
    assert.equal(code, 0, said)
    assert.equal(stdout.match(/^\d{8}-\S+ +succeeded /gm)?.length, name === 'one' ? 1 : 2, said)
  }
})
