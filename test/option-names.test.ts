/** A misspelt option of the library would be a default that nobody asked for: it is an error at every door. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import * as plimsoll from '../src/index.ts'
import { openStoreForReading } from '../src/store/store.ts'

const { deploy, resume, rollback, predict, readPlan, readCircle, openStore, openPool } = plimsoll
const { ExpertManager, MemoryMonitor, MetricsRepository, QueryHandler } = plimsoll

class Place implements Disposable {
  readonly stateDir = mkdtempSync(join(tmpdir(), 'plimsoll-names-'))
  readonly file = join(this.stateDir, 'plan.yaml')

  constructor() {
    writeFileSync(this.file, 'name: shop\ntasks: { a: { run: "true" } }\n')
  }

  [Symbol.dispose](): void {
    rmSync(this.stateDir, { recursive: true, force: true })
  }
}

/** What a caller from JavaScript may pass. */
const misspelt = <Options>(options: object): Options => options as Options

const calls: Readonly<
  Record<string, readonly [wrong: string, meant: string, call: (place: Place) => unknown]>
> = {
  deploy: [
    'failfast',
    'failFast',
    async ({ file }) => deploy(await readPlan(file), misspelt({ failfast: true })),
  ],
  resume: ['statedir', 'stateDir', ({ stateDir }) => resume('last', misspelt({ statedir: stateDir }))],
  rollback: [
    'commnd',
    'command',
    ({ stateDir }) => rollback('last', misspelt({ stateDir, commnd: 'rollback' })),
  ],
  predict: [
    'databse',
    'database',
    async ({ file }) => predict(await readPlan(file), misspelt({ databse: '' })),
  ],
  readCircle: [
    'enviroment',
    'environment',
    ({ file }) => readCircle(misspelt({ files: [{ file, isPlan: true }], enviroment: 'staging' })),
  ],
  'a file of readCircle': [
    'isplan',
    'isPlan',
    ({ file }) => readCircle({ files: [misspelt({ file, isplan: true })] }),
  ],
  openStoreForReading: [
    'databse',
    'database',
    ({ stateDir }) => openStoreForReading(misspelt({ stateDir, databse: 'x' })),
  ],
  readPlan: ['enviroment', 'environment', ({ file }) => readPlan(file, misspelt({ enviroment: 'staging' }))],
  openStore: ['databse', 'database', ({ stateDir }) => openStore(misspelt({ stateDir, databse: 'x' }))],
  openPool: ['idleMS', 'idleMs', () => openPool(misspelt({ idleMS: 1 }))],
  ExpertManager: [
    'spendingLimitUSD',
    'spendingLimitUsd',
    () => new ExpertManager(misspelt({ spendingLimitUSD: 1 })),
  ],
  MemoryMonitor: ['treshold', 'threshold', () => new MemoryMonitor(misspelt({ treshold: 0.5 }))],
  'MetricsRepository.open': [
    'maxserie',
    'maxSeries',
    ({ stateDir }) => MetricsRepository.open(`file:${stateDir}`, misspelt({ maxserie: 1 })),
  ],
  QueryHandler: [
    'queryTTLHours',
    'queryTtlHours',
    async ({ stateDir }) => {
      await using store = await openStore({ stateDir })
      new QueryHandler(misspelt({ store, queryTTLHours: 1 }))
    },
  ],
}

for (const [name, [wrong, meant, call]] of Object.entries(calls)) {
  test(`${name} refuses an option that it does not have, and names the one probably meant`, async () => {
    using place = new Place()
    await assert.rejects(async () => await call(place), {
      code: 'OPTION_INVALID',
      message: `${name} has no option "${wrong}"; did you mean "${meant}"?`,
    })
  })
}

test('checkMemoryPressure refuses options: those of a monitor would count for nothing', () => {
  for (const given of [{ threshold: 0.5 }, { root: '/' }, {}])
    assert.throws(() => plimsoll.checkMemoryPressure(misspelt(given)), {
      code: 'OPTION_INVALID',
      message: 'checkMemoryPressure takes a MemoryMonitor, which has the options',
    })
})
