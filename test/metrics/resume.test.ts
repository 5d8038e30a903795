import assert from 'node:assert/strict'
import fc from 'fast-check'
import { BatchError, MetricsRepository, type NewSample } from '../../src/metrics/metrics.ts'
import type { Durability, Store } from '../../src/store/store.ts'
import { all, calm, onBothRepositories } from './both-repositories.ts'

/** What becomes of a commit: it is made, it is not, or it is and nobody learns of it. */
type Fate = 'made' | 'lost' | 'unanswered'

/** The store with another `write`; the rest is that of the real one. */
const writing = (store: Store, write: Store['write']): Store => ({
  kind: store.kind,
  write,
  read: (...given) => store.read(...given),
  stream: (...given) => store.stream(...given),
  giveBack: () => store.giveBack(),
  log: () => store.log(),
  [Symbol.asyncDispose]: async () => undefined,
})

const faulty = (store: Store, nextFate: () => Fate): Store =>
  writing(store, async (...given) => {
    const fate = nextFate()
    if (fate !== 'lost') await store.write(...given)
    if (fate !== 'made') throw new Error('the disk is gone')
  })

const anyFate = fc.constantFrom<Fate>('made', 'made', 'made', 'lost', 'unanswered')

onBothRepositories(
  'whatever commits fail, what is said to be recorded is, and going on from there records the rest, once',
  async ({ metrics, store }) => {
    let round = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyFate, { maxLength: 30 }),
        fc.integer({ min: 1, max: 150 }),
        fc.integer({ min: 1, max: 20 }),
        async (fates, count, chunkSize) => {
          round += 1
          const name = `round_${round}`
          const samples = Array.from({ length: count }, (_, index): NewSample => {
            const labels = { host: `h${index % 3}` }
            // Each third one comes late.
            return {
              name,
              labels,
              timestampMs: index % 3 === 2 ? count - index : count + index,
              value: index,
            }
          })
          const left = [...fates]
          await using broken = await MetricsRepository.open(
            { store: faulty(store, () => left.shift() ?? 'made') },
            { memory: calm },
          )
          const recorded = async (): Promise<readonly number[]> =>
            (await all(metrics.streamMetrics({ name })))
              .map(({ value }) => Number(value))
              .sort((one, other) => one - other)
          let position = 0
          while (position < count) {
            try {
              const outcome = await broken.recordMetricsBatch(samples.slice(position), { chunkSize })
              position += outcome.position
            } catch (error) {
              assert.ok(error instanceof BatchError, String(error))
              position += error.outcome.position
              assert.deepEqual(
                (await recorded()).filter((value) => value < position),
                Array.from({ length: position }, (_, index) => index),
              )
            }
          }
          assert.deepEqual(
            await recorded(),
            Array.from({ length: count }, (_, index) => index),
          )
        },
      ),
      { numRuns: 15, endOnFailure: true },
    )
  },
)

onBothRepositories(
  'chunks are as durable as their batch, their call or their repository says',
  async ({ store }) => {
    const asked: (Durability | undefined)[] = []
    const noting = writing(store, async (statements, durability) => {
      asked.push(durability)
      await store.write(statements, durability)
    })
    const inTurn = async (durability?: Durability): Promise<readonly (Durability | undefined)[]> => {
      await using metrics = await MetricsRepository.open(
        { store: noting },
        { memory: calm, ...(durability && { durability }) },
      )
      asked.length = 0
      await metrics.recordMetric('up', 1, { timestampMs: 1 })
      await metrics.recordMetric('up', 1, { timestampMs: 2, durability: 'normal' })
      await metrics.recordMetricsBatch([{ name: 'up', timestampMs: 3, value: 1 }])
      await metrics.recordMetricsBatch([{ name: 'up', timestampMs: 4, value: 1 }], { durability: 'full' })
      return [...asked]
    }
    assert.deepEqual(await inTurn(), ['full', 'normal', 'full', 'full'])
    assert.deepEqual(await inTurn('normal'), ['normal', 'normal', 'normal', 'full'])
  },
)
