/** A real systemd holds each task to its limit where the user may not divide a control group. */
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TaskReport } from '../../../../src/spine.ts'
import { MiB } from '../groups.ts'
import { deploy, limitsSaid, resume, run, unitsLeft } from './places.ts'

const inMiB = (bytes: number | null | undefined): string => ((bytes ?? 0) / MiB).toFixed(1)

function words(
  name: string,
  { status, enforcement, peakMemoryBytes, error }: TaskReport | undefined = none,
): string {
  const { lower, upper } = peakMemoryBytes
  const why = error ? `, ${error.code}: ${error.message}` : ''
  return `${name} ${status}, ${enforcement}, peak ${inMiB(lower)} to ${inMiB(upper)} MiB${why}`
}

const none = {
  status: 'skipped',
  enforcement: 'none',
  peakMemoryBytes: { lower: 0, upper: null },
} as TaskReport

/** At most two minutes, for a slow processor. */
async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; !holds(); turn += 1) {
    assert.ok(turn < 12_000, 'it never came')
    await sleep(10)
  }
}

/** Takes so much at once, and is over when it may. */
const takes = (megabytes: number): string => `dd if=/dev/zero of=/dev/null bs=${megabytes}M count=1`

const greedyLine = `greedy: { run: "exec ${takes(100)}", memory: 64MiB }`

const tasks = [
  'quick: { run: ":", memory: 64MiB }',
  'five: { run: "exit 5", memory: 64MiB }',
  'missing: { exec: [no-such-command], memory: 64MiB }',
  'words: { exec: [printf, "%s|", "a b", "$HOME", ";"], memory: 64MiB }',
  greedyLine,
  `child: { run: "${takes(100)}; true", memory: 64MiB }`,
  'files: { run: "head -c 200000000 /dev/nvme0n1 >/dev/null", memory: 64MiB }',
]

function checkGreedy(task: TaskReport | undefined): void {
  assert.equal(task?.error?.code, 'TASK_MEMORY_EXCEEDED')
  assert.equal(task.enforcement, 'hard')
  assert.match(task.error.message, /its limit is 64 MiB, and the kernel killed a process of it$/)
  const { lower, upper } = task.peakMemoryBytes
  assert.ok(lower > 40 * MiB && upper !== null && upper <= 65 * MiB, `${lower} to ${upper}`)
}

function check(found: Readonly<Record<string, TaskReport>>): void {
  for (const [name, task] of Object.entries(found)) assert.equal(task.enforcement, 'hard', name)
  assert.equal(found.quick?.status, 'succeeded')
  assert.equal(found.words?.status, 'succeeded')
  assert.equal(found.files?.status, 'succeeded')
  assert.equal(found.five?.exitCode, 5)
  assert.equal(found.missing?.error?.code, 'TASK_NOT_STARTED')
  checkGreedy(found.greedy)
  checkGreedy(found.child)
  const { lower, upper } = found.quick.peakMemoryBytes
  assert.ok(lower > 0 && upper !== null && upper < 16 * MiB, `${lower} to ${upper}`)
  assert.ok((found.files.peakMemoryBytes.lower ?? 0) < 40 * MiB)
}

const userScope = 'hard: a scope of systemd (its user manager) for each task'
const systemScope = 'hard: a scope of systemd (its system manager) for each task'

test('a user who has logged in: each task is held by the kernel, told as such, and nothing is left', async (t) => {
  assert.equal(await limitsSaid('session'), userScope)
  assert.equal(await limitsSaid('session', 'doctor'), userScope)
  const found = await deploy('session', tasks).ended
  for (const [name, task] of Object.entries(found)) t.diagnostic(words(name, task))
  check(found)
  assert.deepEqual(await unitsLeft(), [])
})

test('a user in a window of a desktop, whose group has a limit of processes, gets a scope as well', async () => {
  assert.equal(await limitsSaid('terminal'), userScope)
})

test('root in a service, whose group has a limit of processes, gets scopes of the system', async (t) => {
  assert.equal(await limitsSaid('service'), systemScope)
  const { greedy } = await deploy('service', [greedyLine]).ended
  t.diagnostic(words('greedy', greedy))
  checkGreedy(greedy)
  assert.deepEqual(await unitsLeft(), [])
})

test('a user without a bus is told why no scope is made, and tasks are watched', async (t) => {
  const said = await limitsSaid('lingering')
  t.diagnostic(said)
  assert.match(said, /^watchdog: .*\/bin\/systemd-run makes no scope for us \(.*bus.*\)$/)
})

test('a kill by the kernel at a limit around the scope is told apart', async (t) => {
  const limitScopesTo = (limit: string): Promise<unknown> =>
    run('session', `systemctl --user set-property --runtime app.slice MemoryMax=${limit}`)
  await limitScopesTo('60M')
  const plan = [`innocent: { run: "${takes(100)}", memory: { limit: 800MiB, expect: 40MiB } }`]
  const { innocent } = await deploy('session', plan).ended
  await limitScopesTo('infinity')
  t.diagnostic(words('innocent', innocent))
  assert.equal(innocent?.error?.code, 'TASK_KILLED_BY_KERNEL')
  assert.match(innocent.error.message, /the machine or its container was out of memory$/)
  assert.equal(innocent.enforcement, 'hard')
  assert.deepEqual(await unitsLeft(), [])
})

test('the scope of an engine that was killed holds its task until that ends, and is gone then', async (t) => {
  const line = 'long: { run: "echo >begun; while [ ! -e go ]; do sleep 1; done", memory: 64MiB }'
  const { folder, ended } = deploy('session', [line])
  const lost = ended.then(
    () => 'reported',
    () => 'killed',
  )
  await until(() => existsSync(`${folder}/begun`))
  const [scope = ''] = globSync('/sys/fs/cgroup/user.slice/*/*/app.slice/plimsoll-*.scope')
  const [, engine = ''] = /plimsoll-(\d+)-/.exec(scope) ?? []
  process.kill(Number(engine), 'SIGKILL')
  assert.equal(await lost, 'killed')
  assert.equal(readFileSync(`${scope}/memory.max`, 'utf8').trim(), String(64 * MiB))
  writeFileSync(`${folder}/go`, '')
  const { long } = await resume('session', folder).ended
  t.diagnostic(words('long', long))
  assert.equal(long?.status, 'succeeded')
  assert.deepEqual(await unitsLeft(), [])
})
