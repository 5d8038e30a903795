import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openStore } from '../../src/store/store.ts'
import { event, orphansOf, statusesOf, Yard } from '../run/killing.ts'
import { password, serverOfFile } from '../store/postgres-server.ts'
import { Folder, jsonLines } from './plimsoll.ts'

const serverHere = serverOfFile()
const plan = `name: shared\ntasks: { build: { run: 'sleep 0.3' }, up: { needs: build, exec: [echo, "is up"] } }\n`

/** Of every file below the folder. */
function textsIn(folder: string): string {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((file) => statSync(file).isFile())
  return files.map((file) => readFileSync(file, 'latin1')).join('\n')
}

const encoded = encodeURIComponent(password)
const showsPassword = (text: string): boolean => [password, encoded].some((secret) => text.includes(secret))

test('machines that keep nothing share runs, reports and what tasks needed through a database', async () => {
  const database = await (await serverHere()).database('shared')
  const variables = { PLIMSOLL_DATABASE_URL: database }
  using first = new Folder()
  first.write('plimsoll.yaml', plan)
  const deployed = await first.plimsoll(['deploy', '--json'], variables)
  assert.equal(deployed.code, 0, deployed.stderr)
  assert.equal(existsSync(join(first.path, '.plimsoll', 'plimsoll.db')), false)
  assert.match((await first.plimsoll(['logs', 'last', 'up'], variables)).stdout, /is up/)

  using second = new Folder()
  second.write('plimsoll.yaml', plan)
  const predicted = await second.plimsoll(['plan', '--database', database])
  assert.match(predicted.stdout, /build +run .* history, 1 run/)
  const [run] = jsonLines((await second.plimsoll(['runs', '--json', '--database', database])).stdout)
  assert.equal(run?.status, 'succeeded')
  const [shown] = jsonLines((await second.plimsoll(['show', '--json'], variables)).stdout)
  assert.equal(shown?.status, 'succeeded')
  const exported = await second.plimsoll(['history', 'export'], variables)
  assert.equal(jsonLines(exported.stdout).length, 3)
  assert.match((await second.plimsoll(['doctor'], variables)).stdout, /ok +database: .*recorded in it: 1\n/)
  const none = await second.plimsoll(['runs', '--database', ''], variables)
  assert.match(none.stderr, /error RUN_UNKNOWN: nothing has been recorded in .*\.plimsoll/)
})

test('completion asks the server for the runs, and not for long', async () => {
  const server = await serverHere()
  const database = await server.database('completed')
  using folder = new Folder()
  folder.write('plimsoll.yaml', plan)
  assert.equal((await folder.plimsoll(['deploy', '--database', database])).code, 0)
  const [run] = jsonLines((await folder.plimsoll(['runs', '--json', '--database', database])).stdout)
  // The directory of the logs has it as well; without that the name can only come from the server.
  rmSync(join(folder.path, '.plimsoll'), { recursive: true })
  const words = ['__complete', 'show', '--database', database, '']
  const whole = `last\n${run?.runId}\n`
  // A server that is slow at this moment is not waited for.
  let answer = 'last\n'
  for (let tries = 0; tries < 20 && answer === 'last\n'; tries += 1)
    answer = (await folder.plimsoll(words)).stdout
  assert.equal(answer, whole)
  const elsewhere = ['__complete', 'show', '']
  const silent = await folder.plimsoll(elsewhere, { PLIMSOLL_DATABASE_URL: 'postgres://me@192.0.2.1/x' })
  assert.deepEqual([silent.code, silent.stdout, silent.stderr], [0, 'last\n', ''])
})

test('logs of another machine are looked for there; its runs go on while they hold their lock, and their silence is told', async () => {
  const server = await serverHere()
  const database = await server.database('elsewhere')
  using folder = new Folder()
  folder.write('plimsoll.yaml', plan)
  assert.equal((await folder.plimsoll(['deploy', '--database', database])).code, 0)
  const change = `update plimsoll.runs set host = 'runner-7', status = 'running', report = null`
  await server.ask(change, [], 'elsewhere')
  const signAt = (ms: number) =>
    server.ask(
      'update plimsoll.locks set run_id = (select id from plimsoll.runs limit 1), expires_ms = $1',
      [ms + 15_000],
      'elsewhere',
    )
  await signAt(Date.now() + 3_600_000)
  const logs = await folder.plimsoll(['logs', '--state', 'other', '--database', database])
  assert.match(
    logs.stderr,
    /the log .*other.* is not here: the run was on runner-7, and its logs are .* there\n/,
  )
  const [run] = jsonLines((await folder.plimsoll(['runs', '--json', '--database', database])).stdout)
  assert.equal(run?.status, 'running')
  const shown = await folder.plimsoll(['show', '--database', database])
  assert.match(shown.stderr, /may go on: process \d+ on runner-7, which cannot be seen from here/)
  await signAt(1_764_000_000_000)
  const silent = await folder.plimsoll(['runs', '--database', database])
  assert.match(silent.stdout, /running, silent since 2025-11-24T16:00:00Z/)
  const silentShown = await folder.plimsoll(['show', '--database', database])
  assert.match(silentShown.stderr, /may be over: process \d+ on runner-7, silent since 2025-11-24T/)
  await server.ask('update plimsoll.locks set run_id = null', [], 'elsewhere')
  const unlocked = await folder.plimsoll(['runs', '--database', database])
  assert.match(unlocked.stdout, / interrupted /)
  await server.ask('update plimsoll.runs set host = $1', [hostname()], 'elsewhere')
  const [dead] = jsonLines((await folder.plimsoll(['runs', '--json', '--database', database])).stdout)
  assert.equal(dead?.status, 'interrupted')
})

test('a database that cannot be used is an error with exit code 2, said without the password, and nothing is started', async () => {
  const server = await serverHere()
  using folder = new Folder()
  folder.write('plimsoll.yaml', "name: shared\ntasks: { build: { run: 'touch started' } }\n")
  const newer = await server.database('newer')
  assert.equal((await folder.plimsoll(['runs', '--database', newer])).code, 2)
  assert.equal((await folder.plimsoll(['history', 'import', 'plimsoll.yaml', '--database', newer])).code, 2)
  await (await openStore({ stateDir: 'unused', database: newer }))[Symbol.asyncDispose]()
  await server.ask('update plimsoll.form set number = 99', [], 'newer')
  const gone = `postgres://me:${encoded}@127.0.0.1:1/x`
  const others = [['plan'], ['runs', '--json'], ['show', '--debug'], ['logs'], ['history', 'export']]
  const cases: readonly (readonly [readonly string[], string, string])[] = [
    [['deploy'], server.url('no such'), 'DATABASE_REFUSED'],
    [['deploy'], server.url('newer', 'postgres', 'wrong'), 'DATABASE_REFUSED'],
    [['deploy'], `http://me:${encoded}@127.0.0.1/x`, 'DATABASE_URL_INVALID'],
    [['deploy'], newer, 'STATE_TOO_NEW'],
    ...[['deploy'], ...others].map((words) => [words, gone, 'DATABASE_UNREACHABLE'] as const),
  ]
  for (const [words, database, code] of cases) {
    const ended = await folder.plimsoll([...words, '--database', database])
    assert.equal(ended.code, 2, `${words[0]}: ${ended.stderr}`)
    assert.match(ended.stderr, new RegExp(`error ${code}: .*\\nfix: `), words[0])
    assert.ok(!showsPassword(`${ended.stderr}${ended.stdout}`), `${words[0]}: ${ended.stderr}`)
  }
  assert.equal(existsSync(join(folder.path, 'started')), false)
})

test('the password of the database is in no record, no log and no output, and no task gets it', async () => {
  const server = await serverHere()
  const database = await server.database('quiet')
  using folder = new Folder()
  // Of the processes here: those of other tests may name databases of their own.
  const look = 'env; for one in /proc/[0-9]*; do [ "$one/cwd" -ef . ] && cat "$one/cmdline"; done; exit 3'
  folder.write('plimsoll.yaml', `name: quiet\ntasks: { look: { run: ${JSON.stringify(look)} } }\n`)
  const ended = await folder.plimsoll(['deploy', '--json', '--debug'], { PLIMSOLL_DATABASE_URL: database })
  assert.equal(ended.code, 1)
  const typed = await folder.plimsoll(['deploy', '--fresh', '--database', database])
  assert.equal(typed.code, 1, typed.stderr)
  assert.match(textsIn(folder.path), /PLIMSOLL_TASK=look/)
  assert.doesNotMatch(textsIn(folder.path), /PLIMSOLL_DATABASE_URL/)
  // Nor the address of this server: it is in no list of processes.
  assert.ok(!textsIn(folder.path).includes(`:${server.port}/`))
  assert.ok(!showsPassword(`${ended.stdout}${ended.stderr}${textsIn(folder.path)}`))
  const tables = await server.ask<{ name: string }>(
    `select tablename as name from pg_tables where schemaname = 'plimsoll'`,
    [],
    'quiet',
  )
  assert.ok(tables.length > 5)
  for (const { name } of tables) {
    const rows = await server.ask(`select t::pg_catalog.text from plimsoll.${name} as t`, [], 'quiet')
    assert.ok(!showsPassword(JSON.stringify(rows)), name)
  }
})

test('a command that is shown names the database that was said, without its password', async () => {
  const server = await serverHere()
  const database = await server.database('shown')
  using folder = new Folder()
  folder.write('plimsoll.yaml', "name: shown\ntasks: { live: { approve: true, run: 'true' } }\n")
  const said = await folder.plimsoll(['deploy', '--database', database])
  assert.equal(said.code, 5, said.stderr)
  const option = String.raw` --database 'postgres://postgres:\*\*\*@\S+/shown'`
  assert.match(said.stdout, new RegExp(`plimsoll approve \\S+ live${option}`))
  assert.match(said.stdout, new RegExp(`then plimsoll resume \\S+${option}`))
  const shown = await folder.plimsoll(['show', '--database', database])
  assert.match(shown.stderr, new RegExp(`waits for approval: plimsoll approve \\S+ live${option}`))
  assert.ok(!showsPassword(said.stdout + said.stderr + shown.stdout + shown.stderr))
  const known = await folder.plimsoll(['show'], { PLIMSOLL_DATABASE_URL: database })
  assert.match(known.stderr, /waits for approval: plimsoll approve \S+ live\n/)
})

test('a deployment outlives its database server, killed with -9 and started again', async () => {
  const server = await serverHere()
  const database = await server.database('outlived')
  using folder = new Folder()
  const tasks = Array.from(
    { length: 30 },
    (_, index) => `t${index}: { run: 'echo x >> ran-${index}; sleep 0.2' }`,
  )
  folder.write('plimsoll.yaml', `name: outlived\nconcurrency: 3\ntasks: { ${tasks.join(', ')} }\n`)
  const ending = folder.plimsoll(['deploy', '--json'], { PLIMSOLL_DATABASE_URL: database })
  for (const enough of [3, 12, 20]) {
    while (readdirSync(folder.path).length < enough) await new Promise((resolve) => setTimeout(resolve, 20))
    await server.kill()
    await server.restart()
  }
  const { code, stdout, stderr } = await ending
  assert.equal(code, 0, stderr)
  for (const index of tasks.keys())
    assert.equal(readFileSync(join(folder.path, `ran-${index}`), 'utf8'), 'x\n')
  const [counted] = await server.ask<{ n: number; last: number; ended: number }>(
    `select count(*)::int as n, max(seq)::int as last, count(*) filter (where type = 'task-ended')::int as ended
     from plimsoll.events`,
    [],
    'outlived',
  )
  const told = jsonLines(stdout).filter(({ type }) => type !== 'memory' && type !== 'report')
  assert.deepEqual(counted, { n: told.length, last: told.length, ended: 30 })
})

/** As the other yards, with its record on the server. */
class DatabaseYard extends Yard {
  readonly #database: string

  constructor(database: string) {
    super()
    this.#database = database
  }

  protected override here(variables: NodeJS.ProcessEnv = {}) {
    return super.here({ ...variables, PLIMSOLL_DATABASE_URL: this.#database })
  }
}

test('an engine and its database server that are killed with -9 at the same moment: each task has run once at the end', async () => {
  const server = await serverHere()
  using yard = new DatabaseYard(await server.database('both killed'))
  yard.plan(`
  first: { run: echo first >>count }
  long: { needs: first, run: 'echo long >>count; for i in $(seq 1200); do test -e go && break; sleep 0.05; done' }
  last: { needs: long, run: echo last >>count }
`)
  const before = await yard.killedAt(event('attempt-identified', 'long'))
  await server.kill()
  await yard.until(() => yard.lines().length === 2)
  await server.restart()
  const { code, report, events } = await yard.goOn(['resume'], (message) => {
    if (message.type === 'run-resumed') yard.write('go', '')
  })
  assert.equal(code, 0)
  assert.equal(statusesOf(report), 'first succeeded, long succeeded, last succeeded')
  assert.deepEqual(yard.lines(), ['first', 'long', 'last'])
  assert.deepEqual(orphansOf([...before, ...events]), [])
})
