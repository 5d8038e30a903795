import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { openJournal, type RunSummary, takeLock } from '../../src/journal/journal.ts'
import { identify } from '../../src/memory/memory.ts'
import { openStore, openStoreForReading } from '../../src/store/store.ts'
import { isAlive } from '../pool/pools.ts'
import { fastClock } from './fast-clock.ts'
import { pause } from './killing.ts'

const childFile = fileURLToPath(new URL('deploying-child.ts', import.meta.url))

/** A plan whose task writes its process id, then ends when a file `go` is there; the other one ends at once. */
const plans = {
  'long.yaml': `name: shop
tasks:
  serve: { run: "echo $$ > pid; for i in $(seq 1200); do [ -e go ] && break; sleep 0.05; done; echo done > done" }
  after: { needs: [serve], run: "echo after > after" }
`,
  'again.yaml': `name: shop
tasks:
  serve: { idempotent: true, run: "echo $$ >> pids; for i in $(seq 1200); do [ -e go ] && break; sleep 0.05; done; echo done >> done" }
`,
  'once.yaml': `name: shop
tasks:
  serve: { run: "echo $$ >> pids; for i in $(seq 1200); do [ -e go ] && break; sleep 0.05; done; echo done >> done" }
`,
  'short.yaml': 'name: shop\ntasks: { once: { run: "echo once > once" } }\n',
} as const

class Place implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'plimsoll-lock-'))
  readonly #children: ChildProcess[] = []

  constructor() {
    for (const [name, content] of Object.entries(plans)) writeFileSync(join(this.path, name), content)
  }

  deploy(plan: keyof typeof plans, waitMs = 0, how: 'anew' | 'go-on' | 'take-and-die' = 'anew') {
    const child = spawn(process.execPath, [childFile, join(this.path, plan), `${waitMs}`, how], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#children.push(child)
    const ended = Promise.all([text(child.stdout), once(child, 'close')])
    return { child, ended: ended.then(([line]) => (line === '' ? null : JSON.parse(line))) }
  }

  pause(child: ChildProcess): Promise<void> {
    return pause(child, join(this.path, '.plimsoll'))
  }

  has(name: string): boolean {
    return existsSync(join(this.path, name))
  }

  async untilThere(name: string): Promise<string> {
    await this.untilLines(name, 1)
    return readFileSync(join(this.path, name), 'utf8').trim()
  }

  /** At most 60 s. */
  async untilLines(name: string, count: number): Promise<void> {
    const isThere = (): boolean => this.has(name) && this.lines(name).filter(Boolean).length >= count
    for (let tries = 0; tries < 3_000 && !isThere(); tries += 1) await sleep(20)
    assert.ok(isThere(), `${name} has not got ${count} lines`)
  }

  lines(name: string): readonly string[] {
    return readFileSync(join(this.path, name), 'utf8').trim().split('\n')
  }

  async record(): Promise<readonly (RunSummary & { readonly events: number; readonly attempts: number })[]> {
    await using store = await openStoreForReading({ stateDir: join(this.path, '.plimsoll') })
    assert.ok(store)
    const journal = openJournal(store)
    const runs = await journal.runs({ limit: 10 })
    return await Promise.all(
      runs.map(async (run) => ({
        ...run,
        events: (await Array.fromAsync(journal.events(run.runId))).length,
        attempts: (await journal.attempts(run.runId)).length,
      })),
    )
  }

  [Symbol.dispose](): void {
    for (const child of this.#children) child.kill('SIGKILL')
    for (const name of ['pid', 'pids'].filter((one) => this.has(one)))
      for (const pid of this.lines(name)) stopTask(Number(pid))
    rmSync(this.path, { recursive: true, force: true, maxRetries: 10 })
  }
}

function stopTask(pid: number): void {
  if (pid > 1 && isAlive(pid)) process.kill(pid, 'SIGKILL')
}

test('an engine that comes back after its lock was taken stops its tasks and writes to the journal no more', async () => {
  using place = new Place()
  const paused = place.deploy('long.yaml')
  const taskPid = Number(await place.untilThere('pid'))
  await place.pause(paused.child)
  await using store = await openStore({ stateDir: join(place.path, '.plimsoll') })
  await using lease = await takeLock(store, {
    ...{ plan: 'shop', environment: null, runId: 'another', host: hostname(), clock: fastClock(3) },
    ...{ engine: identify(process.pid, 'another'), signal: new AbortController().signal, waitMs: 600_000 },
  })
  assert.equal(lease.replaced?.engine.pid, paused.child.pid)
  const before = await place.record()
  assert.ok(isAlive(taskPid))

  paused.child.kill('SIGCONT')
  const { error } = await paused.ended
  assert.equal(error.code, 'LOCK_LOST', JSON.stringify(error))
  assert.match(error.message, /^this run has lost the lock of "shop": another run has taken it$/)
  while (isAlive(taskPid)) await sleep(20)
  assert.deepEqual(await place.record(), before)
  assert.deepEqual(
    before.map(({ status }) => status),
    ['running'],
  )
  assert.deepEqual([place.has('done'), place.has('after')], [false, false])
})

test('a run that takes the lock of a stopped engine and begins anew is alone, also when that engine comes back', async () => {
  using place = new Place()
  const paused = place.deploy('long.yaml')
  const taskPid = Number(await place.untilThere('pid'))
  await place.pause(paused.child)
  const second = await place.deploy('short.yaml', 600_000).ended
  assert.equal(second.status, 'succeeded', JSON.stringify(second))
  assert.ok(second.waitReasons.lock > 0)
  assert.ok(!isAlive(taskPid))
  const before = await place.record()
  paused.child.kill('SIGCONT')
  assert.equal((await paused.ended).error.code, 'LOCK_LOST')
  assert.deepEqual(await place.record(), before)
})

test('an engine that was stopped for longer than its lease goes on when nobody has taken it', async () => {
  using place = new Place()
  const paused = place.deploy('long.yaml')
  await place.untilThere('pid')
  await place.pause(paused.child)
  await sleep(6_000)
  paused.child.kill('SIGCONT')
  writeFileSync(join(place.path, 'go'), '')
  assert.equal((await paused.ended).status, 'succeeded')
  assert.ok(place.has('after'))
})

test('an engine of this machine that was killed is replaced at once', async () => {
  using place = new Place()
  const killed = place.deploy('long.yaml')
  await place.untilThere('pid')
  killed.child.kill('SIGKILL')
  assert.equal(await killed.ended, null)
  const { status, waitReasons } = await place.deploy('short.yaml').ended
  assert.deepEqual({ status, waitReasons }, { status: 'succeeded', waitReasons: undefined })
})

test('while one deploys another is refused before anything of it starts, and told who it is', async () => {
  using place = new Place()
  const first = place.deploy('long.yaml')
  await place.untilThere('pid')
  const { error } = await place.deploy('short.yaml').ended
  assert.equal(error.code, 'LOCK_HELD')
  assert.ok(error.message.includes(`process ${first.child.pid} on `), error.message)
  assert.deepEqual([place.has('once'), (await place.record()).length], [false, 1])
  writeFileSync(join(place.path, 'go'), '')
  assert.equal((await first.ended).status, 'succeeded')
})

test('who waits for the lock begins when the run before has ended', async () => {
  using place = new Place()
  const first = place.deploy('long.yaml')
  await place.untilThere('pid')
  const second = place.deploy('short.yaml', 600_000)
  await sleep(700)
  assert.ok(!place.has('once'))
  writeFileSync(join(place.path, 'go'), '')
  assert.equal((await second.ended).status, 'succeeded')
  assert.deepEqual([(await first.ended).status, place.has('after')], ['succeeded', true])
})

test('a task of an engine that is only paused is not adopted: it is stopped and attempted again, and that engine stops nothing of it', async () => {
  using place = new Place()
  const paused = place.deploy('again.yaml')
  const first = Number(await place.untilThere('pids'))
  await place.pause(paused.child)
  const second = place.deploy('again.yaml', 600_000, 'go-on')
  await place.untilLines('pids', 2)
  assert.ok(!isAlive(first))
  paused.child.kill('SIGCONT')
  assert.equal((await paused.ended).error.code, 'LOCK_LOST')
  writeFileSync(join(place.path, 'go'), '')
  assert.equal((await second.ended).status, 'succeeded')
  assert.deepEqual([place.lines('pids').length, place.lines('done')], [2, ['done']])
  const [run, ...others] = await place.record()
  assert.deepEqual([run?.status, run?.attempts, others.length], ['succeeded', 2, 0])
})

test('a person decides about what a paused engine runs and may not run twice; once that engine has ended it is adopted', async () => {
  using place = new Place()
  const paused = place.deploy('once.yaml')
  const task = Number(await place.untilThere('pids'))
  await place.pause(paused.child)
  const { error } = await place.deploy('once.yaml', 600_000, 'go-on').ended
  assert.equal(error.code, 'DECISION_NEEDED')
  const engine = `its engine (process ${paused.child.pid} on ${hostname()}) may come back`
  assert.ok(error.message.includes(engine), error.message)
  assert.match(error.fix, /--task serve=done\|again\|failed$/)
  assert.ok(isAlive(task))
  paused.child.kill('SIGKILL')
  await paused.ended
  const second = place.deploy('once.yaml', 0, 'go-on')
  writeFileSync(join(place.path, 'go'), '')
  assert.equal((await second.ended).status, 'succeeded')
  assert.deepEqual([place.lines('pids').length, place.lines('done')], [1, ['done']])
})

test('what a paused engine has begun is not adopted either when another engine has taken the run since and died', async () => {
  using place = new Place()
  const paused = place.deploy('again.yaml')
  const first = Number(await place.untilThere('pids'))
  await place.pause(paused.child)
  assert.equal(await place.deploy('again.yaml', 600_000, 'take-and-die').ended, null)
  assert.ok(isAlive(first))

  const third = place.deploy('again.yaml', 600_000, 'go-on')
  await place.untilLines('pids', 2)
  assert.ok(!isAlive(first))
  paused.child.kill('SIGCONT')
  assert.equal((await paused.ended).error.code, 'LOCK_LOST')
  writeFileSync(join(place.path, 'go'), '')
  assert.equal((await third.ended).status, 'succeeded')
  assert.deepEqual(place.lines('done'), ['done'])
})
