/** Writers that are killed with -9 at moments of chance, and servers that are, while another one writes and a reader reads. */
import { setTimeout as sleep } from 'node:timers/promises'
import { MetricsRepository } from '../../src/metrics/metrics.ts'
import type { PostgresServer } from '../../test/store/postgres-server.ts'
import { type BenchRow, never, told } from '../measure.ts'
import { type Stored, storedOf } from './chunks.ts'
import { WritingProcess } from './kill.ts'
import { storedRows } from './rows.ts'

export type Kills = { readonly kills: number; readonly random: () => number }

const longestMs = 400

export async function killWriters(
  label: string,
  url: string,
  { kills, random }: Kills,
): Promise<readonly BenchRow[]> {
  await using reading = await MetricsRepository.open(url)
  const reads = new Reads(reading)
  const found: Stored[] = []
  let first = 0
  let other = new WritingProcess(url, 'other', 0)
  for (let count = 0; count < kills; count += 1) {
    const victim = new WritingProcess(url, 'victim', first)
    await victim.opened
    await reads.goOn('victim', random() * longestMs)
    await victim.kill()
    first = victim.acknowledged
    found.push(await storedOf(reading, 'victim', first))
    if (count % 10 !== 9) continue
    // The other one is killed as well, now and then.
    await other.kill()
    found.push(await storedOf(reading, 'other', other.acknowledged))
    other = new WritingProcess(url, 'other', other.acknowledged)
    console.error(`${label}: ${count + 1} of ${kills} kills, ${first + other.acknowledged} chunks`)
  }
  await other.kill()
  found.push(await storedOf(reading, 'other', other.acknowledged))
  return [
    told(`${label}: killed writers, another one writing`, [kills], ''),
    told('  acknowledged chunks', [first + other.acknowledged], ''),
    ...storedRows('killed', found),
    ...reads.rows,
  ]
}

/** The writers are not told: they come back to the server when it does. */
export async function killServers(
  server: PostgresServer,
  url: string,
  { kills, random }: Kills,
): Promise<readonly BenchRow[]> {
  await using reading = await MetricsRepository.open(url)
  const reads = new Reads(reading)
  const found: Stored[] = []
  const writers = ['one', 'two'].map((name) => ({ name, process: new WritingProcess(url, name, 0) }))
  for (const { process } of writers) await process.opened
  for (let count = 0; count < kills; count += 1) {
    await reads.goOn('one', random() * longestMs)
    // Between what is said here and the kill more may be acknowledged: it is counted the next time.
    const acknowledged = writers.map(({ process }) => process.acknowledged)
    await server.kill()
    await server.restart()
    for (const [index, { name }] of writers.entries())
      found.push(await storedOf(reading, name, acknowledged[index] ?? 0))
    if (count % 10 === 9) console.error(`${count + 1} of ${kills} kills of the server`)
  }
  for (const { name, process } of writers) {
    await process.kill()
    found.push(await storedOf(reading, name, process.acknowledged))
  }
  const before = writers.reduce((sum, { process }) => sum + process.acknowledged, 0)
  return [
    told('PostgreSQL: the server itself killed, two writing', [kills], ''),
    told('  acknowledged chunks', [before], ''),
    never('  writers that gave up', [writers.filter(({ process }) => process.said !== '').length], ''),
    ...storedRows('server killed', found),
    ...reads.rows,
  ]
}

class Reads {
  readonly #metrics: MetricsRepository
  #count = 0
  #failures = 0

  constructor(metrics: MetricsRepository) {
    this.#metrics = metrics
  }

  async goOn(writer: string, forMs: number): Promise<void> {
    const end = performance.now() + forMs
    while (performance.now() < end) {
      try {
        await storedOf(this.#metrics, writer, 0)
        this.#count += 1
      } catch {
        this.#failures += 1
      }
      await sleep(5)
    }
  }

  get rows(): readonly BenchRow[] {
    return [told('  reads meanwhile', [this.#count], ''), never('  reads that failed', [this.#failures], '')]
  }
}
