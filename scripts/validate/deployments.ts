import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { text } from 'node:stream/consumers'
import { event, orphansOf, pause, statusesOf, Yard } from '../../test/run/killing.ts'
import { isAlive } from './real-run.ts'
import { rowsOf } from './row.ts'

/** Until the file `go` is there, at most a minute. */
const waits = 'for i in $(seq 1200); do [ -e go ] && break; sleep 0.05; done'

async function resumed(): Promise<string> {
  using yard = new Yard()
  const names = ['a', 'b', 'c', 'd']
  yard.plan(
    names
      .map((name) => `  ${name}: { run: "echo ${name} >>count" }\n`)
      .join('')
      .concat(`  last: { needs: [${names.join(', ')}], run: "echo last >>count; ${waits}" }\n`),
  )
  const messages = await yard.killedAt(event('attempt-identified', 'last'))
  await yard.until(() => yard.lines().includes('last'))
  yard.write('go', '')
  const startMs = performance.now()
  const { code, report } = await yard.resume()
  assert.equal(code, 0)
  assert.match(statusesOf(report), /^(?:\w+ succeeded(?:, )?){5}$/)
  assert.deepEqual(yard.lines().toSorted(), [...names, 'last'])
  assert.deepEqual([orphansOf(messages), yard.leftFiles()], [[], []])
  const tookMs = Math.round(performance.now() - startMs)
  return `5 tasks, killed with -9 while one ran: after resume (${tookMs} ms) each has run once, no process and no file is left`
}

async function excludedAndHealed(): Promise<string> {
  using yard = new Yard()
  yard.plan(`  hold: { run: "echo hold >>count; ${waits}" }\n`)
  const child = yard.start(['deploy'])
  const closed = once(child, 'close')
  await yard.until(() => yard.lines().length === 1)
  const second = await yard.plimsoll(['deploy'])
  assert.equal(second.code, 3)
  assert.match(
    second.stderr,
    new RegExp(`LOCK_HELD: "shop" is being deployed by run \\S+, process ${child.pid}`),
  )
  child.kill('SIGKILL')
  await closed
  yard.write('go', '')
  const startMs = performance.now()
  let goesOnMs = Number.NaN
  const { code } = await yard.goOn(['deploy'], ({ type }) => {
    if (type === 'run-resumed') goesOnMs = performance.now() - startMs
  })
  assert.equal(code, 0)
  assert.deepEqual(yard.lines(), ['hold'])
  return `a second deploy was refused (exit code 3, who holds it); after kill -9 the next one had the lock ${Math.round(goesOnMs)} ms after it was called`
}

async function fenced(): Promise<string> {
  using yard = new Yard()
  yard.plan(
    `  hold: { run: "echo $$ >>count; ${waits}" }\n  next: { needs: hold, run: "echo next >>count" }\n`,
  )
  const child = yard.start(['deploy'])
  const said = text(child.stderr)
  const closed = once(child, 'close')
  await yard.until(() => yard.lines().length === 1 && yard.isIdentified())
  await pause(child, join(yard.path, '.plimsoll'))
  const taken = await yard.plimsoll(['unlock', '--force', '--yes'])
  assert.equal(taken.code, 0, taken.stderr)
  const before = eventsIn(yard)
  child.kill('SIGCONT')
  const [code] = await closed
  assert.equal(code, 3)
  assert.match(await said, /LOCK_LOST/)
  assert.equal(eventsIn(yard), before)
  assert.equal(isAlive(Number(yard.lines()[0])), false)
  assert.equal(yard.lines().length, 1)
  return `an engine that was stopped, and whose lock was taken meanwhile, ended its task and itself (LOCK_LOST); its record has ${before} events as before`
}

function eventsIn(yard: Yard): number {
  using database = new DatabaseSync(join(yard.path, '.plimsoll/plimsoll.db'), { readOnly: true })
  return Number(database.prepare('select count(*) as count from events').get()?.count)
}

const undoOf = (name: string): string => `undo: { run: "echo undo ${name} >>count" }`

async function undoneInReverse(): Promise<string> {
  using yard = new Yard()
  yard.plan(`
  a: { run: "true", ${undoOf('a')} }
  b: { needs: a, run: "true", ${undoOf('b')} }
  c: { needs: b, run: "true", undo: { run: "echo undo c >>count; exit 1" } }
  d: { needs: c, run: "exit 1", retry: { attempts: 1 } }
`)
  const { code, report } = await yard.goOn(['deploy'])
  assert.equal(code, 1)
  assert.deepEqual(yard.lines(), ['undo c', 'undo b', 'undo a'])
  assert.equal(report.tasks.c?.undo?.status, 'failed')
  return 'after a failure c, b, a were undone in this order; that the undo of c failed was told and stopped no other'
}

async function skipped(): Promise<string> {
  using yard = new Yard()
  yard.write('in.txt', 'one')
  yard.plan(
    '  build: { inputs: [in.txt], outputs: [out.txt], run: "echo built >>count; cp in.txt out.txt" }\n',
  )
  const statuses: (string | undefined)[] = []
  const deploy = async (...words: string[]): Promise<void> => {
    statuses.push((await yard.goOn(['deploy', ...words])).report.tasks.build?.status)
  }
  await deploy()
  await deploy()
  yard.write('in.txt', 'two')
  await deploy()
  await deploy('--force')
  assert.deepEqual(statuses, ['succeeded', 'skipped', 'succeeded', 'succeeded'])
  assert.equal(yard.lines().length, 3)
  return 'run; skipped while nothing had changed; run again after its input changed, and with --force'
}

async function approved(): Promise<string> {
  using yard = new Yard()
  yard.plan('  a: { run: "echo a >>count" }\n  live: { needs: a, approve: true, run: "echo live >>count" }\n')
  const stopped = await yard.goOn(['deploy'])
  assert.deepEqual([stopped.code, stopped.report.error?.code], [5, 'APPROVAL_NEEDED'])
  assert.equal((await yard.plimsoll(['approve', 'last', '--reason', 'all green'])).code, 0)
  const { code, report } = await yard.resume()
  assert.equal(code, 0)
  assert.equal(report.approvals?.[0]?.reason, 'all green')
  assert.deepEqual(yard.lines(), ['a', 'live'])
  return `no engine waited (exit code 5); approved from another process by ${report.approvals?.[0]?.by}; resume did the rest, and nothing twice`
}

async function secretsNowhere(): Promise<string> {
  using yard = new Yard()
  const secret = 'tulip-9911/river?lantern=4'
  yard.write(
    'plimsoll.yaml',
    `name: shop
secrets: [TOKEN]
tasks:
  say:
    env: { T: "\${secrets.TOKEN}" }
    run: 'echo "$T"; printf %s "$T" | base64; printf %s "$T" >&2; echo "k=$T" >>"$PLIMSOLL_OUTPUT"; echo >ready; ${waits}'
`,
  )
  const child = yard.start(['deploy', '--json'], { TOKEN: secret })
  const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  await yard.until(() => yard.has('ready'))
  const words = globSync('/proc/[0-9]*/cmdline').flatMap((file) => {
    const line = existsSync(file) ? readFileSync(file, 'latin1') : ''
    return line.includes(secret) ? [file] : []
  })
  yard.write('go', '')
  const [stdout, stderr, [code]] = await ended
  assert.equal(code, 0, stderr)
  const shapes = [secret, Buffer.from(secret).toString('base64'), encodeURIComponent(secret)]
  const files = globSync('.plimsoll/**/*', { cwd: yard.path })
    .map((file) => join(yard.path, file))
    .filter((file) => statSync(file).isFile())
  const places = [stdout, stderr, ...files.map((file) => readFileSync(file, 'latin1'))]
  for (const shape of shapes)
    assert.ok(
      places.every((place) => !place.includes(shape)),
      shape,
    )
  assert.deepEqual(words, [])
  const masks =
    readFileSync(files.find((file) => file.endsWith('.log')) ?? '', 'utf8').split('***').length - 1
  assert.ok(masks >= 3, `${masks} masks`)
  return `printed plain and as base64, and handed on: in no argument list, in neither output, in none of ${files.length} files; ${masks} masks in the log`
}

async function audited(): Promise<string> {
  using yard = new Yard()
  yard.plan('  a: { run: "true" }\n')
  for (let count = 0; count < 3; count += 1) await yard.goOn(['deploy'])
  const whole = await yard.plimsoll(['audit', '--verify'])
  assert.equal(whole.stdout, '3 entries, all as they were written\n')
  {
    using database = new DatabaseSync(join(yard.path, '.plimsoll/plimsoll.db'))
    database.exec(`update audit set user_name = 'somebody else' where seq = 2`)
  }
  const broken = await yard.plimsoll(['audit', '--verify'])
  assert.equal(broken.code, 1)
  assert.match(broken.stderr, /entry 2 of the audit is not what was written/)
  return '3 entries are what was written; after one was changed in the database, verify names that one'
}

export const deploymentRows = rowsOf('Deployments', [
  ['after kill -9 the run goes on, and each finished task ran once', resumed],
  ['a lock keeps a second deployment out, and heals after kill -9', excludedAndHealed],
  ['an engine whose lock was taken writes no more', fenced],
  ['a failure is undone in reverse order', undoneInReverse],
  ['what has not changed is skipped', skipped],
  ['an approval waits without an engine', approved],
  ['a secret is in no output, file or argument list', secretsNowhere],
  ['the audit is a chain that shows a change', audited],
])
