import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { PlimsollError } from '../../src/errors.ts'
import { TreeWatcher } from '../../src/memory/memory.ts'
import { type JobResult, openPool } from '../../src/pool/pool.ts'
import { FakeClock } from '../fake-clock.ts'
import { isAlive, job, until, workerOf } from './pools.ts'

const places = ['thread', 'process'] as const

for (const place of places) {
  test(`in a ${place}: never more workers than allowed, and each is used again`, async () => {
    await using pool = openPool({ maxWorkersThread: 2, maxWorkersProcess: 2 })
    const dir = mkdtempSync(join(tmpdir(), 'plimsoll-pool-test-'))
    const meeting = [1, 2].map(() => pool.run(job('meet', { dir, count: 2 }), { place }))
    const jobs = Array.from({ length: 12 }, () => pool.run(job('rest', 20), { place }))
    await Promise.all(meeting)
    rmSync(dir, { recursive: true })
    const workers = new Set((await Promise.all(jobs)).map(workerOf))
    assert.equal(workers.size, 2)
    assert.ok(workers.has(workerOf(await pool.run(job('where'), { place }))))
  })

  test(`in a ${place}: jobs begin in the order in which they came`, async () => {
    await using pool = openPool({ maxWorkersThread: 1, maxWorkersProcess: 1 })
    const begun: number[] = []
    const options = (index: number) => ({ place, onStart: () => void begun.push(index) })
    await Promise.all(Array.from({ length: 10 }, (_, index) => pool.run(job('nothing'), options(index))))
    assert.deepEqual(begun, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  test(`in a ${place}: what a function throws arrives with name, message and stack, as cause`, async () => {
    await using pool = openPool()
    const error = await failureOf(pool.run(job('fail'), { place }))
    assert.equal(error.code, 'CALL_FAILED')
    assert.equal(error.message, 'no luck')
    const cause = error.cause as Error
    assert.equal(cause.name, 'RangeError')
    assert.match(cause.stack ?? '', /RangeError: no luck\n\s+at .*jobs\.ts/)
    const strange = await failureOf(pool.run(job('failStrangely'), { place }))
    assert.equal(strange.message, 'a strange thing')
  })

  test(`in a ${place}: a function or a module that is not there is told`, async () => {
    await using pool = openPool()
    const missing = await failureOf(pool.run(job('nowhere'), { place }))
    assert.equal(missing.code, 'CALL_NOT_FOUND')
    assert.match(missing.message, /exports nothing as "nowhere", expected a function/)
    const lost = { module: 'file:///nowhere/at/all.js', exportName: 'x' }
    const { message } = await failureOf(pool.run(lost, { place }))
    assert.match(message, /cannot be loaded: Cannot find module/)
    assert.doesNotMatch(message, /imported from/, 'a file of the engine is none of the reader')
  })

  test(`in a ${place}: what cannot be copied is an error of its own job, the worker stays`, async () => {
    await using pool = openPool({ maxWorkersThread: 1, maxWorkersProcess: 1 })
    const before = await pool.run(job('where'), { place })
    const [argument, result, fine] = await Promise.allSettled([
      pool.run(
        job('echo', () => undefined),
        { place },
      ),
      pool.run(job('returnFunction'), { place }),
      pool.run(job('where'), { place }),
    ])
    assert.ok(argument.status === 'rejected' && argument.reason.code === 'CALL_UNCLONABLE')
    assert.ok(result.status === 'rejected' && result.reason.code === 'CALL_UNCLONABLE')
    assert.match(result.reason.message, /could not be cloned/)
    assert.ok(fine.status === 'fulfilled')
    assert.equal(workerOf(fine.value), workerOf(before))
  })

  test(`in a ${place}: a worker that dies fails its job only, and is replaced`, async () => {
    await using pool = openPool({ maxWorkersThread: 2, maxWorkersProcess: 2 })
    const neighbour = pool.run(job('rest', 300), { place })
    const [dead, after] = await Promise.allSettled([
      pool.run(job('leave', 3), { place }),
      pool.run(job('where'), { place }),
    ])
    assert.ok(dead.status === 'rejected')
    assert.equal(dead.reason.code, 'WORKER_ENDED')
    assert.match(dead.reason.message, /ended without an answer \(exit code 3\)/)
    assert.equal(after.status, 'fulfilled')
    await neighbour
  })

  test(`in a ${place}: a rejection that nobody handles fails the job that made it, not the next`, async () => {
    await using pool = openPool({ maxWorkersThread: 1, maxWorkersProcess: 1 })
    const jobs = ['nothing', 'nothing', 'forgetRejection', 'nothing', 'nothing']
    const ended = await Promise.allSettled(jobs.map((name) => pool.run(job(name), { place })))
    const failed = ended.flatMap((end, index) => (end.status === 'rejected' ? [{ index, end }] : []))
    assert.deepEqual(
      failed.map(({ index }) => index),
      [2],
    )
    const error = failed[0]?.end.reason as PlimsollError
    assert.equal(error.code, 'WORKER_ENDED')
    assert.match(error.message, /nobody listens/)
  })

  test(`in a ${place}: a job that is stopped while it waits never begins`, async () => {
    await using pool = openPool({ maxWorkersThread: 1, maxWorkersProcess: 1 })
    const busy = pool.run(job('rest', 100), { place })
    const stop = new AbortController()
    let begun = false
    const onStart = (): void => {
      begun = true
    }
    const waiting = pool.run(job('nothing'), { place, signal: stop.signal, onStart })
    stop.abort(new Error('not any more'))
    await assert.rejects(waiting, /not any more/)
    await busy
    await pool.run(job('nothing'), { place })
    assert.equal(begun, false)
    await assert.rejects(pool.run(job('nothing'), { place, signal: stop.signal }), /not any more/)
  })

  test(`in a ${place}: a function may listen to its signal; its worker is not used again`, async () => {
    await using pool = openPool({ maxWorkersThread: 1, maxWorkersProcess: 1 })
    const before = await pool.run(job('where'), { place })
    const stop = new AbortController()
    const onStart = (): void => void setTimeout(() => stop.abort(new Error('enough')), 50)
    await assert.rejects(pool.run(job('untilStopped'), { place, signal: stop.signal, onStart }), /enough/)
    assert.notEqual(workerOf(await pool.run(job('where'), { place })), workerOf(before))
  })

  test(`in a ${place}: a function that ignores its signal is ended, and the next job runs`, async () => {
    await using pool = openPool({ maxWorkersThread: 1, maxWorkersProcess: 1, graceMs: 100 })
    const stop = new AbortController()
    const endless = pool.run(job('spinForEver'), { place, signal: stop.signal })
    const next = pool.run(job('spin', 1), { place })
    setTimeout(() => stop.abort(new Error('enough')), 200)
    await assert.rejects(endless, /enough/)
    assert.equal((await next).value, 'done')
  })

  test(`in a ${place}: without patience there is none`, async () => {
    await using pool = openPool({ graceMs: 2 ** 30 })
    const [stop, kill] = [new AbortController(), new AbortController()]
    const options = { place, signal: stop.signal, killSignal: kill.signal }
    const endless = pool.run(job('spinForEver'), options)
    setTimeout(() => {
      stop.abort(new Error('enough'))
      kill.abort()
    }, 200)
    await assert.rejects(endless, /enough/)
  })

  test(`in a ${place}: a worker that has grown is replaced`, async () => {
    await using pool = openPool({
      maxWorkersThread: 1,
      maxWorkersProcess: 1,
      recycleAboveBytes: 150 * 2 ** 20,
    })
    const small = await pool.run(job('keep', 2 ** 20), { place })
    const large = await pool.run(job('keep', 200 * 2 ** 20), { place })
    assert.equal(workerOf(large), workerOf(small))
    assert.notEqual(workerOf(await pool.run(job('where'), { place })), workerOf(large))
  })

  test(`in a ${place}: a worker is replaced after its number of jobs`, async () => {
    await using pool = openPool({ maxWorkersThread: 1, maxWorkersProcess: 1, recycleAfterJobs: 2 })
    const workers: string[] = []
    for (let count = 0; count < 6; count += 1) workers.push(workerOf(await pool.run(job('where'), { place })))
    assert.equal(new Set(workers).size, 3)
    assert.equal(workers[0], workers[1])
  })

  test(`in a ${place}: a worker in which a job left something running is replaced`, async () => {
    await using pool = openPool({ maxWorkersThread: 1, maxWorkersProcess: 1 })
    const left = workerOf(await pool.run(job('leaveTimer'), { place }))
    assert.notEqual(workerOf(await pool.run(job('where'), { place })), left)
  })

  test(`in a ${place}: each job sees its own variables, and what it prints goes to its listener in order`, async () => {
    await using pool = openPool({
      maxWorkersThread: 1,
      maxWorkersProcess: 1,
      environment: { BASE: 'yes', PATH: process.env.PATH ?? '' },
    })
    const own = await pool.run(job('variables'), { place, environment: { OWN: 'mine' } })
    assert.deepEqual(own.value, { OWN: 'mine' })
    const base = (await pool.run(job('variables'), { place })).value as Record<string, string>
    assert.equal(base.BASE, 'yes')
    assert.equal(base.OWN, undefined)
    const texts = ['first', 'x'.repeat(300_000), 'third']
    const seen = await Promise.all(
      texts.map(async (text) => {
        const chunks: Uint8Array[] = []
        const onOutput = async (chunk: Uint8Array): Promise<void> => {
          chunks.push(Uint8Array.from(chunk))
          await new Promise((resolve) => setImmediate(resolve))
        }
        await pool.run(job('print', `${text}\n`), { place, onOutput })
        return Buffer.concat(chunks).toString()
      }),
    )
    assert.deepEqual(
      seen,
      texts.map((text) => `${text}\nand a line\n`),
    )
  })

  test(`in a ${place}: a listener that fails fails the job`, async () => {
    await using pool = openPool()
    const onOutput = async (): Promise<void> => {
      throw new Error('the disk is full')
    }
    await assert.rejects(pool.run(job('print', 'text'), { place, onOutput }), /the disk is full/)
  })

  test(`in a ${place}: what a job used is measured, also when it fails`, async () => {
    await using pool = openPool()
    const { cpuMs, durationMs, peakBytes, heapGrowthBytes } = await pool.run(job('burn', 60), { place })
    assert.ok((cpuMs ?? 0) >= 60 && durationMs >= 60, `${cpuMs} ${durationMs}`)
    assert.equal(peakBytes === null, place === 'thread')
    assert.equal(heapGrowthBytes === null, place === 'process')
    let measured = 0
    await assert.rejects(
      pool.run(job('fail'), {
        place,
        onMeasured: () => {
          measured += 1
        },
      }),
    )
    assert.equal(measured, 1)
  })

  test(`in a ${place}: a closed pool has no worker alive, ends what runs and refuses what waits`, async () => {
    const pool = openPool({ maxWorkersThread: 1, maxWorkersProcess: 1, graceMs: 100 })
    const begun = Promise.withResolvers<void>()
    const jobs = ['spinForEver', 'nothing'].map((name) =>
      pool.run(job(name), { place, onStart: () => begun.resolve() }),
    )
    const ended = Promise.allSettled(jobs)
    await begun.promise
    await pool[Symbol.asyncDispose]()
    for (const end of await ended) assert.ok(end.status === 'rejected' && end.reason.code === 'POOL_CLOSED')
    await assert.rejects(pool.run(job('nothing'), { place }), { code: 'POOL_CLOSED' })
  })

  test(`in a ${place}: an idle worker ends after its time`, async () => {
    await using pool = openPool({ idleMs: 50 })
    const first = await pool.run(job('where'), { place })
    if (place === 'process') {
      const { pid } = first.value as { pid: number }
      await until(() => !isAlive(pid))
    } else await new Promise((resolve) => setTimeout(resolve, 500))
    assert.notEqual(workerOf(await pool.run(job('where'), { place })), workerOf(first))
  })
}

async function failureOf(running: Promise<JobResult>): Promise<PlimsollError> {
  const error = await running.then(
    () => assert.fail('it succeeded'),
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof PlimsollError)
  return error
}

test('the buffers that a job leaves behind in a thread are let go before its next job', async () => {
  await using pool = openPool({ maxWorkersThread: 1 })
  const mib = 2 ** 20
  for (let round = 1; round <= 3; round += 1) {
    const { value, heapGrowthBytes } = await pool.run(job('passThrough', 100 * mib))
    assert.equal(value, 100 * mib)
    assert.ok((heapGrowthBytes ?? Number.POSITIVE_INFINITY) < 50 * mib, `${heapGrowthBytes} bytes were kept`)
  }
})

test('short jobs are sent ahead, and come back when their thread is held up or dies', async () => {
  await using pool = openPool({ maxWorkersThread: 2 })
  await Promise.all(Array.from({ length: 200 }, () => pool.run(job('nothing'))))
  const shared = new Int32Array(new SharedArrayBuffer(4))
  const slow = pool.run(job('spinUntilTold', shared))
  let slowEnded = false
  slow.then(
    () => {
      slowEnded = true
    },
    () => undefined,
  )
  await Promise.all(Array.from({ length: 60 }, () => pool.run(job('nothing'))))
  assert.equal(slowEnded, false)
  Atomics.store(shared, 0, 1)
  await slow
  const ended = await Promise.allSettled(
    Array.from({ length: 60 }, (_, index) => pool.run(index === 20 ? job('leave', 1) : job('nothing'))),
  )
  const failed = ended.flatMap(({ status }, index) => (status === 'rejected' ? [index] : []))
  assert.deepEqual(failed, [20])
})

test('a buffer moves to a thread and back without a copy', async () => {
  await using pool = openPool()
  const buffer = new ArrayBuffer(2 ** 20)
  const { value } = await pool.run(job('echo', buffer), { transfer: [buffer] })
  assert.equal(buffer.detached, true)
  assert.equal((value as ArrayBuffer).byteLength, 2 ** 20)
  const made = (await pool.run(job('makeBuffer', 1_000))).value as Uint8Array
  assert.equal(made[999], 7)
})

test('binary values go to a process and back as they are', async () => {
  await using pool = openPool()
  const argument = { bytes: new Uint8Array([1, 2, 3]), map: new Map([[1, new Date(0)]]), big: 2n ** 70n }
  const { value } = await pool.run(job('echo', argument), { place: 'process' })
  assert.deepEqual(value, argument)
})

test('a job over its limit ends with its numbers, and its neighbour goes on', async () => {
  await using pool = openPool({ maxWorkersProcess: 2 })
  const neighbour = pool.run(job('hold', { bytes: 2 ** 20, ms: 1_500 }), { limitBytes: 2 ** 30 })
  let peak = 0
  const greedy = await failureOf(
    pool.run(job('hold', { bytes: 200 * 2 ** 20, ms: 60_000 }), {
      place: 'thread', // a limit needs a process
      limitBytes: 100 * 2 ** 20,
      onMeasured: ({ peakBytes }) => {
        peak = peakBytes?.lower ?? 0
      },
    }),
  )
  assert.equal(greedy.code, 'TASK_MEMORY_EXCEEDED')
  assert.match(
    greedy.message,
    /^it used \d[\d.]* MiB after [\d.]+ m?s, its limit is 100 MiB, and was stopped$/,
  )
  assert.ok(peak > 100 * 2 ** 20)
  assert.equal((await neighbour).value, 2 ** 20)
})

test('what is seen of a job after its answer does not end its process, even above its limit', async () => {
  // A clock that stands still: nothing is seen but the start of a job, and its end once it has answered.
  const watcher = new TreeWatcher({ clock: new FakeClock() })
  await using pool = openPool({ maxWorkersProcess: 1, recycleAboveBytes: 2 ** 40, watcher })
  const limitBytes = 100 * 2 ** 20
  const above = await pool.run(job('keep', 200 * 2 ** 20), { limitBytes })
  assert.ok((above.peakBytes?.lower ?? 0) > limitBytes)
  assert.equal(workerOf(await pool.run(job('where'), { place: 'process' })), workerOf(above))
})

test('the peak of a job is not told of the next one in the same process', async () => {
  await using pool = openPool({ maxWorkersProcess: 1, recycleAboveBytes: 2 ** 40 })
  const place = 'process'
  const large = await pool.run(job('hold', { bytes: 300 * 2 ** 20, ms: 1 }), { place })
  assert.ok((large.peakBytes?.lower ?? 0) > 300 * 2 ** 20)
  // Something to do until the buffer of before has been collected.
  const isSmall = async (): Promise<boolean> =>
    Number((await pool.run(job('residentBytes'), { place })).value) < 250 * 2 ** 20
  for (let count = 0; count < 3 || (count < 50 && !(await isSmall())); count += 1)
    await pool.run(job('keep', 50 * 2 ** 20), { place })
  const small = await pool.run(job('nothing'), { place })
  assert.ok((small.peakBytes?.lower ?? 0) < 280 * 2 ** 20, `${small.peakBytes?.lower}`)
})

test('a process whose heap is full fails its job only', async () => {
  const environment = { PATH: process.env.PATH ?? '', NODE_OPTIONS: '--max-old-space-size=40' }
  await using pool = openPool({ environment, maxWorkersProcess: 2 })
  const [full, aborted, fine] = await Promise.allSettled([
    pool.run(job('fillHeap'), { place: 'process' }),
    pool.run(job('abort'), { place: 'process' }),
    pool.run(job('where'), { place: 'process' }),
  ])
  for (const end of [full, aborted]) {
    assert.ok(end.status === 'rejected' && end.reason.code === 'WORKER_ENDED')
    assert.match(end.reason.message, /SIG(ABRT|TRAP|ILL)|exit code/)
  }
  assert.equal(fine.status, 'fulfilled')
})

test('a process starts in the directory of its job', async () => {
  await using pool = openPool({ maxWorkersProcess: 1 })
  const module = `data:text/javascript,export const cwd = () => process.cwd()`
  const cwd = { module, exportName: 'cwd' }
  assert.equal((await pool.run(cwd, { place: 'process', directory: '/' })).value, '/')
  assert.equal((await pool.run(cwd, { place: 'process' })).value, process.cwd())
})

test('the kernel is to end a process of the pool before its engine', {
  skip: existsSync('/proc/self/oom_score_adj') ? false : 'needs /proc',
}, async () => {
  await using pool = openPool({ maxWorkersProcess: 1 })
  const script =
    "import { readFileSync } from 'node:fs'; export const score = (file) => Number(readFileSync(file))"
  const own = { module: `data:text/javascript,${script}`, exportName: 'score' }
  const file = '/proc/self/oom_score_adj'
  const { value } = await pool.run({ ...own, argument: file }, { place: 'process' })
  assert.equal(value, Math.min(1_000, Number(readFileSync(file)) + 500))
})

test('the kind of a function chooses its place: the event loop, a thread, or what it was seen to use', async () => {
  await using pool = openPool()
  const placeOf = async (kind: 'async' | 'io' | 'cpu' | 'mixed', name = 'where', argument?: unknown) => {
    const { value } = await pool.run(job(name, argument), { kind })
    return (value as { threadId: number }).threadId === 0 ? 'inline' : 'thread'
  }
  assert.equal(await placeOf('async'), 'inline')
  assert.equal(await placeOf('io'), 'inline')
  assert.equal(await placeOf('cpu'), 'thread')
  assert.deepEqual(
    [await placeOf('mixed', 'rest', 100), await placeOf('mixed', 'rest', 1)],
    ['thread', 'inline'],
  )
  await pool.run(job('burn', 50), { kind: 'mixed' })
  const { cpuMs } = await pool.run(job('burn', 1), { kind: 'mixed' })
  assert.notEqual(cpuMs, null)
})

test('on the event loop a function that fails or is stopped is told as everywhere', async () => {
  await using pool = openPool()
  assert.equal((await failureOf(pool.run(job('fail'), { kind: 'io' }))).code, 'CALL_FAILED')
  const stop = new AbortController()
  const waiting = pool.run(job('untilStopped'), { kind: 'async', signal: stop.signal })
  setTimeout(() => stop.abort(new Error('enough')), 20)
  await assert.rejects(waiting, /enough/)
})

test('somebody else’s process waits for a place in the same line and counts', async () => {
  await using pool = openPool({ maxWorkersProcess: 1 })
  const place = await pool.takeProcessPlace()
  let ended = false
  const running = pool.run(job('nothing'), { place: 'process' }).then(() => {
    ended = true
  })
  await pool.run(job('rest', 100))
  assert.equal(ended, false)
  place[Symbol.dispose]()
  await running
  // An idle worker makes room for it.
  const again = await pool.takeProcessPlace()
  again[Symbol.dispose]()
})

test('numbers that could not be meant are refused', () => {
  for (const maxWorkersThread of [0, -1, 1.5, Number.NaN, 1e9])
    assert.throws(() => openPool({ maxWorkersThread }), { code: 'OPTION_INVALID' })
  for (const name of ['idleMs', 'graceMs', 'recycleAboveBytes', 'recycleAfterJobs'])
    assert.throws(() => openPool({ [name]: Number.NaN }), new RegExp(`${name} is NaN`))
  assert.throws(() => openPool({ maxWorkersProcess: 0 }), /maxWorkersProcess is 0, expected a whole number/)
})

test('an idle pool does not keep the engine alive, and its processes end with it', async () => {
  const program = `
    import { openPool } from ${JSON.stringify(new URL('../../src/pool/pool.ts', import.meta.url).href)}
    const pool = openPool()
    const module = ${JSON.stringify(job('').module)}
    await pool.run({ module, exportName: 'where' })
    const { value } = await pool.run({ module, exportName: 'where' }, { place: 'process' })
    console.log(value.pid)`
  const dir = mkdtempSync(join(tmpdir(), 'plimsoll-pool-test-'))
  const engine = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: 'pipe',
    env: { ...process.env, TMPDIR: dir },
  })
  const [chunk] = (await once(engine.stdout, 'data')) as [Buffer]
  const pid = Number(chunk.toString())
  assert.ok(pid > 1)
  const [exitCode] = engine.exitCode === null ? await once(engine, 'exit') : [engine.exitCode]
  assert.equal(exitCode, 0)
  await until(() => !isAlive(pid))
  assert.deepEqual(readdirSync(dir), [])
  rmSync(dir, { recursive: true })
})

test('a job goes on when its engine is killed, and its process ends then', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'plimsoll-pool-test-'))
  const file = join(dir, 'written')
  const source = `import { existsSync, writeFileSync } from 'node:fs'
    export const slow = async () => {
      console.log('begun ' + process.pid)
      while (!existsSync(${JSON.stringify(join(dir, 'go'))})) await new Promise((resolve) => setTimeout(resolve, 20))
      writeFileSync(${JSON.stringify(file)}, 'done')
    }`
  const slow = `data:text/javascript,${encodeURIComponent(source)}`
  const program = `
    import { openPool } from ${JSON.stringify(new URL('../../src/pool/pool.ts', import.meta.url).href)}
    const pool = openPool({ spoolDir: ${JSON.stringify(dir)} })
    const onOutput = (chunk) => void process.stdout.write(chunk)
    await pool.run({ module: ${JSON.stringify(slow)}, exportName: 'slow' }, { place: 'process', onOutput })`
  const engine = spawn(process.execPath, ['--input-type=module', '--eval', program], { stdio: 'pipe' })
  const [chunk] = (await once(engine.stdout, 'data')) as [Buffer]
  const pid = Number(chunk.toString().split(' ')[1])
  engine.kill('SIGKILL')
  writeFileSync(join(dir, 'go'), '')
  await until(() => existsSync(file))
  await until(() => !isAlive(pid))
  assert.deepEqual(readdirSync(dir).sort(), ['go', 'worker-1.spool', 'written'])
  rmSync(dir, { recursive: true })
})
