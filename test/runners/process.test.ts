import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { identify, isSameProcess } from '../../src/memory/memory.ts'
import { commandNotFound } from '../../src/runners/command-not-found.ts'
import { until } from '../pool/pools.ts'
import { hasExitRecord } from './exit-record.ts'
import { exec, openBench, shell, words } from './run-task.ts'

const logOf = (dir: string): string => readFileSync(join(dir, 'runs/test/1.log'), 'utf8')

test('a command is a list of words that no shell reads', async () => {
  await using bench = await openBench()
  const hostile = ['$(touch canary)', '`touch canary`', '; touch canary', 'a  b', '"\'\n', '*', 'naïve ☃']
  const { report } = await bench.run(exec('printf', '%s|', ...hostile))
  assert.equal(report.status, 'succeeded')
  assert.equal(logOf(bench.dir), `${hostile.join('|')}|`)
  assert.equal(existsSync(join(bench.dir, 'canary')), false)
})

test('words that are commands of the shell are looked up as programs', async () => {
  await using bench = await openBench()
  for (const word of ['eval', 'exit', 'cd', 'export', 'FOO=bar']) {
    const { report } = await bench.run(exec(word, 'touch canary'))
    assert.equal(report.error?.code, 'TASK_NOT_STARTED', word)
  }
  assert.equal(existsSync(join(bench.dir, 'canary')), false)
})

test('the text of run reaches the shell as written, with variables in its environment', async () => {
  await using bench = await openBench()
  const { report } = await bench.run(shell('echo "$COLOUR"; echo ${PLIMSOLL_TASK} >&2'), {
    env: { EXTRA: ['x'] },
  })
  assert.equal(report.status, 'succeeded')
  assert.equal(logOf(bench.dir), 'sea green\ntask\n')
})

test('the exit code, the last lines and the CPU time are reported', async () => {
  await using bench = await openBench()
  const { report } = await bench.run(
    shell('echo before; i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; echo after >&2; exit 7'),
  )
  assert.equal(report.status, 'failed')
  assert.equal(report.exitCode, 7)
  assert.equal(report.error?.message, 'it ended with exit code 7')
  assert.equal(report.lastOutput, 'before\nafter')
  assert.ok((report.cpuMs ?? 0) > 0)
})

test('a command that does not exist, a file that may not be executed and a directory that is missing are told apart', async () => {
  await using bench = await openBench()
  const missing = await bench.run(exec('no-such-command-here'))
  assert.match(missing.report.error?.message ?? '', /command "no-such-command-here" was not found/)
  writeFileSync(join(bench.dir, 'plain.txt'), 'text')
  const forbidden = await bench.run(exec('./plain.txt'))
  assert.match(forbidden.report.error?.message ?? '', /"\.\/plain\.txt" may not be executed/)
  const nowhere = await bench.run(exec('true'), { dir: join(bench.dir, 'nowhere') })
  assert.match(nowhere.report.error?.message ?? '', /nowhere does not exist/)
  assert.deepEqual(
    [missing, forbidden, nowhere].map(({ report }) => report.error?.code),
    Array(3).fill('TASK_NOT_STARTED'),
  )
})

test('a shell line whose command does not exist is told by that name', async () => {
  await using bench = await openBench({ KEY: 'no-such-secret' })
  for (const [script, name] of [
    ['no-such-command-here --now', '"no-such-command-here"'],
    ['echo first; ./no-such-file x', '"./no-such-file"'],
    ['"no such: one"', '"no such: one"'],
    ['"no-such-secret"', '"***"'],
    ['no-such-command-here 2>/dev/null', 'of a name in its script'],
    ['exit 127', 'of a name in its script'],
  ] as const) {
    const { report } = await bench.run(shell(script))
    assert.equal(report.error?.message, `the shell found no command ${name} (exit code 127)`)
    assert.equal(report.error?.code, 'TASK_FAILED')
    assert.match(report.error?.fix ?? '', /PATH/)
  }
})

test('the words of every usual shell about a missing command are understood, and no others', () => {
  for (const line of [
    '/bin/sh: 1: nope: not found',
    'sh: line 1: nope: command not found',
    'bash: line 12: nope: command not found',
    './deploy.sh: line 3: nope: command not found',
    'sh: nope: not found',
    'zsh:1: command not found: nope',
    'sh: 1: nope: No such file or directory',
  ]) {
    assert.equal(commandNotFound(`before\n${line}`), 'nope', line)
  }
  for (const text of [
    '',
    'not found',
    'nope: not found',
    'page not found: 404',
    `sh: ${'a: '.repeat(999)}not found`,
  ])
    assert.equal(commandNotFound(text), undefined)
})

test('nothing but the log is left of an attempt, and only its owner may read it', async () => {
  await using bench = await openBench()
  await bench.run(shell('echo key=value >> "$PLIMSOLL_OUTPUT"; echo out'))
  assert.deepEqual(readdirSync(join(bench.dir, 'runs/test')), ['1.log'])
  assert.equal(statSync(join(bench.dir, 'runs/test/1.log')).mode & 0o777, 0o600)
})

test('values appended to $PLIMSOLL_OUTPUT are handed on, and a line that is none is refused', async () => {
  await using bench = await openBench()
  const good = await bench.run(shell('printf "a=1\\nb=x=y\\na=2\\n" >> "$PLIMSOLL_OUTPUT"'))
  assert.deepEqual(good.outputs, { a: '2', b: 'x=y' })
  const bad = await bench.run(shell('echo "no value" >> "$PLIMSOLL_OUTPUT"'))
  assert.equal(bad.report.error?.code, 'OUTPUT_INVALID')
})

test('a secret is masked in the log, in the last output and in what is recorded, and handed on as it is', async () => {
  await using bench = await openBench({ KEY: 'hunter2-and-more' })
  const work = shell('echo "key $TOKEN"; echo "key=$TOKEN" >> "$PLIMSOLL_OUTPUT"; exit 1')
  const end = await bench.run(work, { env: { TOKEN: [{ secret: 'KEY' }] } })
  const handed = await bench.run(shell('echo "key=$TOKEN" >> "$PLIMSOLL_OUTPUT"'), {
    env: { TOKEN: [{ secret: 'KEY' }] },
  })
  assert.equal(logOf(bench.dir), 'key ***\n')
  assert.equal(end.report.lastOutput, 'key ***')
  assert.equal(handed.outputs.key, 'hunter2-and-more')
  assert.equal(JSON.stringify([bench.events, end.report, handed.report]).includes('hunter2'), false)
})

test('a task ends at its exit, and what it leaves in the background is stopped and reported', async () => {
  await using bench = await openBench()
  const { report } = await bench.run(shell('sleep 1000 & echo started'))
  assert.equal(report.status, 'succeeded')
  const ended = bench.events.find((event) => event.type === 'attempt-ended')
  assert.ok(ended?.type === 'attempt-ended' && ended.result.leftovers.length >= 1)
  for (const pid of ended.result.leftovers) assert.equal(identify(pid, '').startTicks, null)
})

test('a process that left the session is found by its token and stopped, too', async () => {
  await using bench = await openBench()
  await bench.run(shell('setsid sh -c "setsid sleep 1000 & exit 0" </dev/null >/dev/null 2>&1; sleep 0.1'))
  const opened = bench.events.find((event) => event.type === 'attempt-opened')
  const ended = bench.events.find((event) => event.type === 'attempt-ended')
  assert.ok(opened?.type === 'attempt-opened' && ended?.type === 'attempt-ended')
  assert.equal(ended.result.leftovers.length, 1)
  assert.deepEqual(bench.finder.findByToken(opened.token), [])
})

test('a timeout stops the whole process group and is told as such', async () => {
  await using bench = await openBench()
  const { report } = await bench.run(shell('sleep 1000 | sleep 1000'), { timeoutMs: 300 })
  assert.equal(report.error?.code, 'TASK_TIMEOUT')
  assert.match(report.error?.message ?? '', /timeout of 300 ms/)
})

test('an interruption lets the command clean up, and the second one does not', async () => {
  await using bench = await openBench()
  const gentle = new AbortController()
  const final = new AbortController()
  const polite = bench.run(
    shell('trap "echo bye; exit 3" TERM; echo up; while :; do sleep 0.05; done'),
    {},
    { signal: gentle.signal },
  )
  await untilLogged(bench.dir, 1, 'up')
  gentle.abort()
  const { report } = await polite
  assert.equal(report.status, 'cancelled')
  assert.match(report.lastOutput ?? '', /^up\n(Terminated\n)?bye$/)

  const again = new AbortController()
  const stubborn = bench.run(
    shell('trap "" TERM; echo up; while :; do sleep 0.05; done'),
    {},
    { signal: again.signal, killSignal: final.signal },
  )
  await untilLogged(bench.dir, 2, 'up')
  again.abort()
  final.abort()
  assert.equal((await stubborn).report.error?.code, 'TASK_CANCELLED')
})

async function untilLogged(dir: string, number: number, text: string): Promise<void> {
  const files = [join(dir, `runs/test/${number}.spool`), join(dir, `runs/test/${number}.log`)]
  await until(() => files.some((file) => existsSync(file) && readFileSync(file, 'utf8').includes(text)))
}

test('what was killed by somebody else is not taken for what ended by itself', async () => {
  await using bench = await openBench()
  const { report } = await bench.run(shell('kill -9 $$'))
  assert.equal(report.exitCode, 137)
  assert.equal(report.error?.code, 'TASK_FAILED')
  assert.match(report.error?.message ?? '', /killed by SIGKILL from outside \(exit code 137\)/)
})

test('an attempt that fails is told with the wait and attempted again, in files of its own', async () => {
  await using bench = await openBench()
  const retry = { maxAttempts: 3, strategy: 'fixed', minDelayMs: 1, maxDelayMs: 1 } as const
  const { report } = await bench.run(shell('[ "$PLIMSOLL_ATTEMPT" = 3 ]'), { retry })
  assert.equal(report.status, 'succeeded')
  assert.equal(report.attempts, 3)
  const waits = bench.events.flatMap((event) => (event.type === 'attempt-ended' ? [event.nextInMs] : []))
  assert.deepEqual(waits, [1, 1, null])
  assert.equal(readdirSync(join(bench.dir, 'runs/test')).length, 3)
})

test('every attempt is told before its process starts', async () => {
  await using bench = await openBench()
  let startedBefore = true
  const emit = async (event: { readonly type: string }): Promise<void> => {
    if (event.type === 'attempt-opened') startedBefore = existsSync(join(bench.dir, 'started'))
  }
  await bench.run(shell('touch started'), {}, { emit })
  assert.equal(startedBefore, false)
})

test('a service outlives the attempt, is known by its identity, and its undo stops it', async () => {
  await using bench = await openBench()
  const work = { kind: 'exec', words: words('sleep', '1000'), detach: true } as const
  const { report, outputs } = await bench.run(work)
  assert.equal(report.status, 'succeeded')
  const [service] = bench.services
  assert.ok(service && isSameProcess(service))
  assert.equal(outputs.pid, String(service.pid))
  const stopped = await bench.run({ kind: 'stop' })
  assert.equal(stopped.report.status, 'succeeded')
  assert.equal(isSameProcess(service), false)
})

const whereScored = { skip: existsSync('/proc/self/oom_score_adj') ? false : 'needs /proc' }
const oomScore = (of: string | number): number => Number(readFileSync(`/proc/${of}/oom_score_adj`, 'utf8'))

test('the kernel is to end a task before its engine, but not a service', whereScored, async () => {
  await using bench = await openBench()
  await bench.run(shell('cat /proc/self/oom_score_adj >score'))
  const score = Number(readFileSync(join(bench.dir, 'score'), 'utf8'))
  assert.equal(score, Math.min(1_000, oomScore('self') + 500))
  await bench.run({ kind: 'exec', words: words('sleep', '1000'), detach: true })
  const [service] = bench.services
  assert.equal(oomScore(service?.pid ?? 0), oomScore('self'))
  assert.equal((await bench.run({ kind: 'stop' })).report.status, 'succeeded')
})

test('a service that ends at once has not started', async () => {
  await using bench = await openBench()
  const { report } = await bench.run({ kind: 'run', script: 'echo no port; exit 4', detach: true })
  assert.equal(report.error?.code, 'SERVICE_ENDED')
  assert.equal(report.exitCode, 4)
  assert.equal(report.lastOutput, 'no port')
})

test('a gibibyte of output does not grow the engine', async () => {
  await using bench = await openBench()
  const before = process.memoryUsage.rss()
  let peak = before
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss())
  }, 20)
  const { report } = await bench.run(exec('head', '-c', String(2 ** 30), '/dev/zero'))
  clearInterval(watch)
  assert.equal(report.status, 'succeeded')
  assert.equal(statSync(join(bench.dir, 'runs/test/1.log')).size, 2 ** 30)
  assert.ok(peak - before < 48 * 2 ** 20, `grew by ${peak - before} bytes`)
})

test('when the engine is killed the command goes on, and its exit code and output are on disk', async () => {
  await using bench = await openBench()
  const { spawn } = await import('node:child_process')
  const engine = spawn(
    process.execPath,
    [new URL('./killed-engine.ts', import.meta.url).pathname, bench.dir],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  await once(engine.stdout, 'data')
  engine.kill('SIGKILL')
  await once(engine, 'exit')
  writeFileSync(join(bench.dir, 'go'), '')
  const exit = join(bench.dir, 'runs/test/1.exit')
  await until(() => hasExitRecord(exit))
  assert.equal(readFileSync(exit, 'utf8').split('\n')[0], '5')
  assert.equal(readFileSync(join(bench.dir, 'runs/test/1.spool'), 'utf8'), 'first\nlast\n')
})
