/** Writers that are killed with -9 at moments of chance, and servers that are, while another one writes and a reader reads. */
import { setTimeout as sleep } from 'node:timers/promises'
import { MetricsRepository } from '../../src/metrics/metrics.ts'
import type { PostgresServer } from '../../test/store/postgres-server.ts'
import { type BenchRow, never, told } from '../measure.ts'
import { type Stored, storedOf } from './chunks.ts'
import { type Kept, KeptSeries, type KeptState } from './kept.ts'
import { WorkingProcess } from './kill.ts'
import { Reads } from './reads.ts'
import { keptRows, storedRows } from './rows.ts'

export type Kills = { readonly kills: number; readonly random: () => number; readonly program: string }

const longestMs = 400

export async function killWriters(
  label: string,
  url: string,
  { kills, random, program }: Kills,
): Promise<readonly BenchRow[]> {
  await using reading = await MetricsRepository.open(url)
  const reads = new Reads()
  const started = (writer: string): WorkingProcess => new WorkingProcess(program, ['write', url, writer])
  const found: Stored[] = []
  let first = 0
  let other = started('other')
  await other.begin(0)
  let next = started('victim')
  for (let count = 0; count < kills; count += 1) {
    const victim = next
    await victim.begin(first)
    next = started('victim')
    await reads.goOn(random() * longestMs, () => storedOf(reading, 'victim', 0))
    await victim.kill()
    first = victim.acknowledged
    found.push(await storedOf(reading, 'victim', first))
    if (count % 10 !== 9) continue
    // The other one is killed as well, now and then.
    await other.kill()
    const { acknowledged } = other
    found.push(await storedOf(reading, 'other', acknowledged))
    other = started('other')
    await other.begin(acknowledged)
    console.error(`${label}: ${count + 1} of ${kills} kills, ${first + acknowledged} chunks`)
  }
  await next.kill()
  await other.kill()
  found.push(await storedOf(reading, 'other', other.acknowledged))
  return [
    told(`${label}: killed writers, another one writing`, [kills], ''),
    told('  acknowledged chunks', [first + other.acknowledged], ''),
    ...storedRows('killed', found),
    ...reads.rows,
  ]
}

/** Each records steps, deletes what is older than the last few, and packs and removes what was deleted before. */
export async function killDeleters(
  label: string,
  url: string,
  { kills, random, program }: Kills,
): Promise<readonly BenchRow[]> {
  await using reading = await MetricsRepository.open(url)
  const reads = new Reads()
  const started = (): WorkingProcess => new WorkingProcess(program, ['delete', url])
  const series = new KeptSeries()
  const found: Kept[] = []
  const meanwhile: Kept[] = []
  let state: KeptState = { recorded: 0, deletedMs: 0, deletingMs: 0 }
  let deletions = 0
  let underWay = 0
  let next = started()
  for (let count = 0; count < kills; count += 1) {
    const before = state
    const victim = next
    await victim.begin(before.recorded)
    next = started()
    const now = (): KeptState => ({
      recorded: victim.acknowledged,
      deletedMs: victim.last('deleted') ?? before.deletedMs,
      deletingMs: victim.last('deleting') ?? before.deletingMs,
    })
    // From its first deletion on: that and the recording, packing and removing that follow are what is of interest.
    while (victim.times('deleting') === 0 && !victim.isGone) await sleep(1)
    await reads.goOn(random() * longestMs, async () => {
      meanwhile.push(await series.check(reading, now(), now))
    })
    await victim.kill()
    deletions += victim.times('deleted')
    underWay += victim.times('deleting') - victim.times('deleted')
    state = now()
    found.push(await series.check(reading, state, now))
    if (count % 10 === 9) console.error(`${label}: ${count + 1} of ${kills} kills, ${deletions} deletions`)
  }
  await next.kill()
  return [
    told(`${label}: killed while they delete what is old`, [kills], ''),
    told('  acknowledged deletions', [deletions], ''),
    told('  deletions under way when killed', [underWay], ''),
    ...keptRows('killed', found),
    ...keptRows('meanwhile', meanwhile),
    ...reads.rows,
  ]
}

/** The writers are not told: they come back to the server when it does. */
export async function killServers(
  server: PostgresServer,
  url: string,
  { kills, random, program }: Kills,
): Promise<readonly BenchRow[]> {
  await using reading = await MetricsRepository.open(url)
  const reads = new Reads()
  const found: Stored[] = []
  const writers = ['one', 'two'].map((name) => ({
    name,
    process: new WorkingProcess(program, ['write', url, name]),
  }))
  for (const { process } of writers) await process.begin(0)
  for (let count = 0; count < kills; count += 1) {
    await reads.goOn(random() * longestMs, () => storedOf(reading, 'one', 0))
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
