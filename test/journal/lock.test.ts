import assert from 'node:assert/strict'
import fc from 'fast-check'
import { PlimsollError } from '../../src/errors.ts'
import { openJournal, takeLock } from '../../src/journal/journal.ts'
import type { Store } from '../../src/store/store.ts'
import { FakeClock, settle } from '../fake-clock.ts'
import { onBothStores } from '../store/both-stores.ts'
import { type Contender, World } from './contenders.ts'
import { engine, plan, reportOf } from './samples.ts'

/** A store of which it is known whether it owes an answer. */
type Watched = Store & { readonly isBusy: () => boolean }

function watched(store: Store): Watched {
  let owed = 0
  const doing = <Answer>(answer: Promise<Answer>): Promise<Answer> => {
    owed += 1
    return answer.finally(() => {
      owed -= 1
    })
  }
  return {
    ...store,
    write: (...words) => doing(store.write(...words)),
    read: (...words) => doing(store.read(...words)),
    isBusy: () => owed > 0,
  }
}

function check(title: string, body: (store: Watched, kind: 'SQLite' | 'PostgreSQL') => Promise<void>): void {
  onBothStores(title, async (openEmpty, kind) => {
    await using store = await openEmpty()
    await body(watched(store), kind)
  })
}

const never = new AbortController().signal
const wish = (runId: string, clock: FakeClock) => ({
  ...{ plan: plan.name, environment: 'staging', runId, host: 'web1', clock, signal: never },
  engine: { ...engine, token: runId },
})
const hasCode = (code: string) => (error: unknown) => error instanceof PlimsollError && error.code === code

/** Lets time pass, in steps, each after all that was asked of the store is answered. */
async function pass(clock: FakeClock, store: Watched, ms: number): Promise<void> {
  for (let passedMs = 0; passedMs < ms; passedMs += 100) {
    await clock.pass(100)
    await answered(store)
  }
}

async function answered(store: Watched): Promise<void> {
  do await settle()
  while (store.isBusy())
}

/** Lets time pass until the promise is settled. */
async function passUntil<Result>(
  clock: FakeClock,
  store: Watched,
  promise: Promise<Result>,
): Promise<Result> {
  let isSettled = false
  const settled = promise.finally(() => {
    isSettled = true
  })
  settled.catch(() => undefined)
  while (!isSettled) await pass(clock, store, 100)
  return settled
}

check('a lock that was given back is taken at once, and its number is one more', async (store) => {
  const clock = new FakeClock()
  const first = await takeLock(store, wish('a', clock))
  await first[Symbol.asyncDispose]()
  await using second = await takeLock(store, wish('b', clock))
  assert.equal(second.fence.number, first.fence.number + 1)
  assert.deepEqual([second.replaced, second.waitReasons], [null, {}])
})

check('environments of one plan, and other plans, have locks of their own', async (store) => {
  const clock = new FakeClock()
  await using _staging = await takeLock(store, wish('a', clock))
  await using _none = await takeLock(store, { ...wish('b', clock), environment: null })
  await using _other = await takeLock(store, { ...wish('c', clock), plan: 'blog' })
})

check(
  'an owner on another machine that renews its lock keeps it: the next one is told who, and refused',
  async (store) => {
    const clock = new FakeClock()
    await using _lease = await takeLock(store, wish('run-a', clock))
    const waits: string[] = []
    const second = takeLock(store, { ...wish('run-b', clock), onWait: (text) => void waits.push(text) })
    await assert.rejects(passUntil(clock, store, second), (error: PlimsollError) => {
      assert.equal(error.code, 'LOCK_HELD')
      assert.equal(error.exitCode, 3)
      assert.match(
        error.message,
        /^"storefront" to staging is being deployed by run run-a, process 11 on web1, since 1970-01-01T00:00:00Z \(\d.*\), until 1970-01-01T00:00:2\dZ unless it is renewed$/,
      )
      assert.match(error.fix, /--wait-for-lock/)
      return true
    })
    assert.equal(waits.length, 1)
    assert.match(waits[0] ?? '', /gives no sign of life for 15\.0 s$/)
  },
)

check(
  'who wishes to wait gets the lock when it is given back, and knows how long that took',
  async (store) => {
    const clock = new FakeClock()
    const lease = await takeLock(store, wish('a', clock))
    const second = takeLock(store, { ...wish('b', clock), waitMs: 120_000 })
    await pass(clock, store, 60_000)
    await lease[Symbol.asyncDispose]()
    await using got = await passUntil(clock, store, second)
    assert.ok(Number(got.waitReasons.lock) >= 60_000)
  },
)

check('an owner on another machine that gives no sign of life is replaced after one lease', async (store) => {
  const clock = new FakeClock()
  const gone = new FakeClock()
  const lost = await takeLock(store, wish('a', gone))
  const startMs = clock.monotonic()
  await using lease = await passUntil(clock, store, takeLock(store, wish('b', clock)))
  assert.ok(clock.monotonic() - startMs <= 15_000)
  assert.equal(lease.replaced?.runId, 'a')
  assert.equal(lease.fence.number, lost.fence.number + 1)
})

check('who waits has the lock at most 15 s after the last sign of life of its owner', async (store) => {
  const [owner, waiting] = [new FakeClock(), new FakeClock()]
  await takeLock(store, wish('a', owner))
  const taken = takeLock(store, { ...wish('b', waiting), waitMs: 600_000 })
  // A sign of life right after it looked is the worst: it is seen half a second later.
  await pass(waiting, store, 500)
  await owner.pass(5_000)
  await answered(store)
  const lastSignMs = waiting.monotonic()
  await using _lease = await passUntil(waiting, store, taken)
  assert.ok(waiting.monotonic() - lastSignMs <= 15_000, `${waiting.monotonic() - lastSignMs} ms`)
})

check('an owner whose lock was taken can write to the journal no more, and is told so', async (store) => {
  const [before, after] = [new FakeClock(), new FakeClock()]
  const paused = await takeLock(store, wish('a', before))
  const journal = openJournal(store, paused)
  await journal.openRun({ runId: 'a', plan, startedAtMs: 1, engine, host: 'web1' })
  await using _lease = await passUntil(after, store, takeLock(store, wish('b', after)))
  const warning = { type: 'undo-started', runId: 'a', atMs: 1, tasks: [], because: '' } as const
  await assert.rejects(journal.record(warning), hasCode('LOCK_LOST'))
  await assert.rejects(journal.closeRun(reportOf('a')), hasCode('LOCK_LOST'))
  await assert.rejects(
    journal.openRun({ runId: 'c', plan, startedAtMs: 1, engine, host: 'web1' }),
    hasCode('LOCK_LOST'),
  )
  assert.ok(paused.signal.aborted && paused.killSignal.aborted && !paused.isHeld)
  const runs = await journal.runs({ limit: 10 })
  assert.deepEqual(
    runs.map(({ runId, status }) => [runId, status]),
    [['a', 'running']],
  )
  assert.deepEqual(await Array.fromAsync(journal.events('a')), [])
})

check(
  'an owner that cannot reach the store asks its tasks to end before its lease is over, and stops them before anybody else begins',
  async (store) => {
    const clock = new FakeClock()
    let isAway = false
    const flaky: Store = {
      ...store,
      write: (statements) =>
        isAway ? Promise.reject(new PlimsollError('STORE_FAILED', 'away')) : store.write(statements),
    }
    const lease = await takeLock(flaky, wish('a', clock))
    isAway = true
    await pass(clock, store, 10_000)
    assert.ok(!lease.signal.aborted && lease.isHeld)
    isAway = false
    await pass(clock, store, 10_000)
    assert.ok(!lease.signal.aborted && lease.isHeld)
    isAway = true
    const stopped = new Promise<number>((resolve) =>
      lease.signal.addEventListener('abort', () => resolve(clock.monotonic())),
    )
    const over = new Promise<number>((resolve) =>
      lease.killSignal.addEventListener('abort', () => resolve(clock.monotonic())),
    )
    await pass(clock, store, 15_000)
    assert.ok((await stopped) < (await over))
    assert.ok((await over) <= 20_000 + 13_500)
    assert.ok(hasCode('LOCK_LOST')(lease.signal.reason))
    assert.equal(lease.isHeld, false)
  },
)

const anyClock = fc.record({
  rate: fc.double({ min: 0.98, max: 1.02, noNaN: true }),
  wallMs: fc.integer({ min: -1e9, max: 1e12 }),
})
const anyDeed = fc.oneof(
  ...(['giveBack', 'stop', 'sleep', 'wake', 'wake', 'crash', 'cut', 'reach', 'fail'] as const).map((what) =>
    fc.record({ what: fc.constant(what), who: fc.nat(2) }),
  ),
  fc.record({ what: fc.constant('jump' as const), who: fc.nat(2), ms: fc.integer({ min: -1e7, max: 1e7 }) }),
  fc.record({ what: fc.constant('pass' as const), ms: fc.nat(25_000) }),
  fc.record({ what: fc.constant('pass' as const), ms: fc.nat(25_000) }),
)
type Deed = typeof anyDeed extends fc.Arbitrary<infer One> ? One : never

const deedsOf: Readonly<Record<Exclude<Deed['what'], 'pass'>, (contender: Contender, ms: number) => void>> = {
  giveBack: (contender) => contender.giveBack(),
  stop: ({ clock }) => clock.become('stopped'),
  sleep: ({ clock }) => clock.become('asleep'),
  wake: ({ clock }) => clock.become('awake'),
  crash: ({ clock }) => clock.become('crashed'),
  cut: (contender) => contender.cut(),
  reach: (contender) => contender.reach(true),
  fail: (contender) => contender.reach(false),
  jump: ({ clock }, ms) => clock.jump(ms),
}

check(
  'whatever stops, sleeps, crashes, is cut off or has its clock set: never two hold the lock, and numbers only grow',
  async (store, kind) => {
    let takings = 0
    const deeds = fc.array(anyDeed, { minLength: 10, maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(fc.tuple(anyClock, anyClock, anyClock), deeds, async (clocks, done) => {
        await store.write([{ sql: 'delete from locks', parameters: [] }])
        const world = new World(store, clocks)
        const look = (): void => {
          const holders = world.contenders.filter(({ holds }) => holds)
          assert.ok(holders.length <= 1, `${holders.length} hold the lock`)
        }
        for (const deed of done) {
          for (const contender of world.contenders) contender.want()
          if (deed.what === 'pass') await world.pass(deed.ms, look)
          else
            for (const contender of world.contenders.slice(deed.who, deed.who + 1))
              deedsOf[deed.what](contender, 'ms' in deed ? deed.ms : 0)
          await world.settle()
          look()
        }
        assert.deepEqual(
          world.takings,
          [...new Set(world.takings)].toSorted((left, right) => left - right),
        )
        takings += world.takings.length
        for (const contender of world.contenders) contender.reach(false)
        await world.settle()
      }),
      // A server takes longer to answer.
      { numRuns: kind === 'SQLite' ? 250 : 15 },
    )
    assert.ok(takings > (kind === 'SQLite' ? 200 : 10), `the lock was taken ${takings} times`)
  },
)
